# SPDX-License-Identifier: Apache-2.0
"""The mutants of a C source: one operator, constant, comparison, condition or return changed in each, where clang's
syntax tree says that it is one. What the preprocessor makes (the bodies of macros) is left out."""

import re
from dataclasses import dataclass

from clang import cindex
from clang.cindex import CursorKind, TypeKind

OPERATORS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"],
    "<<": [">>"], ">>": ["<<"], "&": ["|"], "|": ["&"], "^": ["|"],
    "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="], "|=": ["&="], "&=": ["|="], "^=": ["|="],
    "<<=": [">>="], ">>=": ["<<="],
}
STEPS = {"++": "--", "--": "++"}
INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)$")
CONDITIONS = (CursorKind.IF_STMT, CursorKind.WHILE_STMT, CursorKind.CONDITIONAL_OPERATOR)
POINTERS = (TypeKind.POINTER, TypeKind.INCOMPLETEARRAY, TypeKind.CONSTANTARRAY)


@dataclass(frozen=True)
class Mutant:
    source: str  # its name in the tree
    function: str  # "": outside of functions
    line: int
    offset: int  # in bytes, of what is replaced
    old: str
    new: str
    before: str  # the line, and what it becomes
    after: str

    def apply(self, text):
        end = self.offset + len(self.old.encode())
        assert text[self.offset:end] == self.old.encode()
        return text[:self.offset] + self.new.encode() + text[end:]


class Finder:
    def __init__(self, name, text, unit):
        self.name, self.text, self.unit = name, text, unit
        self.found, self.predicates, self.macros = {}, set(), set()

    def spelled(self, cursor):
        return self.text[cursor.extent.start.offset:cursor.extent.end.offset].decode()

    def add(self, function, offset, old, new):
        start = self.text.rfind(b"\n", 0, offset) + 1
        end = self.text.find(b"\n", offset)
        changed = self.text[:offset] + new.encode() + self.text[offset + len(old.encode()):]
        self.found[offset, old, new] = Mutant(
            self.name, function, self.text.count(b"\n", 0, offset) + 1, offset, old, new,
            self.text[start:end].decode().strip(),
            changed[start:changed.find(b"\n", offset + len(new))].decode().strip())

    def is_here(self, cursor):
        place = cursor.extent.start
        return place.file is not None and place.file.name == self.unit.spelling

    def operator_of(self, left, right):
        """What is between two operands; "": it is not in the text, but in the body of a macro."""
        between = self.text[left.extent.end.offset:right.extent.start.offset].decode().strip()
        return between if between in OPERATORS else ""

    def is_changed_as_operator(self, expression):
        """A comparison, or something negated: to negate it once more is the same mutant."""
        while expression.kind in (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR):
            inner = next(expression.get_children(), None)
            if inner is None:
                break
            expression = inner
        if expression.kind == CursorKind.BINARY_OPERATOR:
            return self.operator_of(*expression.get_children()) in ("==", "!=", "<", ">", "<=", ">=")
        return expression.kind == CursorKind.UNARY_OPERATOR and self.spelled(expression).startswith("!")

    def binary(self, function, left, right):
        operator = self.operator_of(left, right)
        if operator:
            offset = self.text.index(operator.encode(), left.extent.end.offset)
            for new in OPERATORS[operator]:
                self.add(function, offset, operator, new)

    def unary(self, function, cursor, operand):
        before = cursor.extent.start.offset, operand.extent.start.offset
        after = operand.extent.end.offset, cursor.extent.end.offset
        for start, end in (before, after):
            operator = self.text[start:end].decode().strip()
            if operator in STEPS:
                self.add(function, self.text.index(operator.encode(), start), operator, STEPS[operator])
            elif operator in ("!", "~", "-"):
                self.add(function, self.text.index(operator.encode(), start), operator, " ")

    def constant(self, function, cursor):
        spelled = self.spelled(cursor)
        offset = cursor.extent.start.offset
        number = INTEGER.match(spelled)
        if number:
            value = int(number[1], 0) if not re.match(r"0[0-7]", number[1]) else int(number[1], 8)
            for other in {value + 1, value - 1} - {-1}:
                text = f"{other:#x}" if number[1].lower().startswith("0x") else str(other)
                self.add(function, offset, spelled, text + number[2])
        elif spelled in ("true", "false"):
            self.add(function, offset, spelled, "false" if spelled == "true" else "true")
        elif re.match(r"'[^\\']'$", spelled):
            self.add(function, offset, spelled, f"'{'y' if spelled == chr(39) + 'x' + chr(39) else 'x'}'")
        elif re.match(r"'\\.[^']*'$", spelled):
            self.add(function, offset, spelled, "'x'")

    def result(self, function, cursor):
        value = next(cursor.get_children(), None)
        if value is None or not self.spelled(value):
            return
        kind, spelled = value.type.get_canonical().kind, self.spelled(value)
        if spelled in ("0", "1", "NULL", "true", "false") or self.is_changed_as_operator(value):
            return
        offset = value.extent.start.offset
        if kind == TypeKind.BOOL or function in self.predicates:
            self.add(function, offset, spelled, f"!({spelled})")
        elif kind in POINTERS:
            self.add(function, offset, spelled, "NULL")
        elif kind == TypeKind.ENUM or (kind not in (TypeKind.RECORD, TypeKind.VOID)):
            self.add(function, offset, spelled, "0")

    def condition(self, function, cursor):
        condition = next(cursor.get_children(), None)
        if condition is None or not self.is_here(condition) or self.is_changed_as_operator(condition):
            return
        spelled = self.spelled(condition)
        if spelled:
            self.add(function, condition.extent.start.offset, spelled, f"!({spelled})")

    def walk(self, cursor, function):
        for child in cursor.get_children():
            if cursor.kind == CursorKind.TRANSLATION_UNIT and not self.is_here(child):
                continue
            if child.kind == CursorKind.FUNCTION_DECL:
                if child.is_definition():
                    if child.result_type.get_canonical().kind == TypeKind.BOOL:
                        self.predicates.add(child.spelling)
                    self.walk(child, child.spelling)
                continue
            if (child.extent.start.offset, child.extent.end.offset) in self.macros:
                continue  # a table has thousands of expressions
            children = list(child.get_children())
            if child.kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
                self.binary(function, *children)
            elif child.kind == CursorKind.UNARY_OPERATOR and len(children) == 1:
                self.unary(function, child, children[0])
            elif child.kind in (CursorKind.INTEGER_LITERAL, CursorKind.CHARACTER_LITERAL):
                if not self.is_size(cursor, child):
                    self.constant(function, child)
            elif child.kind == CursorKind.RETURN_STMT and function:
                self.result(function, child)
            if child.kind in CONDITIONS:
                self.condition(function, child)
            self.walk(child, function)

    def is_size(self, parent, literal):
        """Of an array: a larger one does the same."""
        return (parent.kind in (CursorKind.VAR_DECL, CursorKind.FIELD_DECL)
                and self.text[literal.extent.end.offset:].lstrip().startswith(b"]"))


def mutants_of(root, name, flags):
    """Of root/name, compiled with these flags; in the order of the text."""
    path = root / name
    unit = cindex.Index.create().parse(str(path), args=flags,
                                       options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
    errors = [d.spelling for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
    assert not errors, f"{name}: {errors[0]}"
    finder = Finder(name, path.read_bytes(), unit)
    finder.macros = {(c.extent.start.offset, c.extent.end.offset) for c in unit.cursor.get_children()
                     if c.kind == CursorKind.MACRO_INSTANTIATION and finder.is_here(c)
                     and finder.spelled(c) not in ("true", "false")}
    finder.walk(unit.cursor, "")
    return [finder.found[key] for key in sorted(finder.found)]
