/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libc as Eva reads it, included before each source. Each function demands what C11 demands of its
 * caller, and its result is any that C11 allows, whatever the bytes are.
 */
#ifndef PROVE_LIBC_H
#define PROVE_LIBC_H

#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "__fc_builtin.h"

/*
 * A byte is compared by a copy of it: to have found it at a place says nothing of the text
 * afterwards, and cases that differ in what was found only are one.
 */
static inline void *prove_memchr(const void *bytes, int byte, size_t length)
{
    const char *const text = bytes;

    /*@ assert memchr_valid: \valid_read(text + (0 .. length - 1)); */
    /*@ assert memchr_initialised: \initialized(text + (0 .. length - 1)); */
    /*@ assert memchr_null: text != \null; */
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];

        if (c == (char)byte) {
            return (char *)text + i;
        }
    }
    return NULL;
}

static inline int prove_memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *const left = a;
    const unsigned char *const right = b;

    /*@ assert memcmp_valid: \valid_read(left + (0 .. length - 1)); */
    /*@ assert memcmp_valid: \valid_read(right + (0 .. length - 1)); */
    /*@ assert memcmp_initialised: \initialized(left + (0 .. length - 1)); */
    /*@ assert memcmp_initialised: \initialized(right + (0 .. length - 1)); */
    /*@ assert memcmp_null: left != \null && right != \null; */
    for (size_t i = 0; i < length; i++) {
        const unsigned char x = left[i];
        const unsigned char y = right[i];

        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return 0;
}

static inline int prove_strcmp(const char *a, const char *b)
{
    return strlen(a) + strlen(b) > 0 ? Frama_C_interval(-1, 1) : 0;
}

static inline int prove_inet_pton(int family, const char *text, void *address)
{
    const size_t size = family == AF_INET ? 4 : 16;

    if (strlen(text) == 0 || Frama_C_interval(0, 1) == 0) {
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)address)[i] = (unsigned char)Frama_C_interval(0, 255);
    }
    return 1;
}

/* An IPv4 address has at least seven characters. */
static inline const char *prove_inet_ntop(int family, const void *address, char *text,
                                          socklen_t size)
{
    const int length = Frama_C_interval(7, (int)size - 1);

    (void)family;
    /*@ assert inet_ntop_initialised: \initialized((const char *)address + (0 .. 3)); */
    /*@ split length; */
    for (int i = 0; i < length; i++) {
        text[i] = (char)Frama_C_interval(1, 127);
    }
    text[length] = '\0';
    return text;
}

/* The lengths that a format can have; "%s" is the first of the arguments. */
static inline int prove_snprintf(char *text, size_t size, const char *format, ...)
{
    int least = 0, most = 0, length;
    va_list arguments;

    va_start(arguments, format);
    for (size_t i = 0; format[i] != '\0'; i++) {
        int width = 1;

        if (format[i] != '%' || format[i + 1] == 'c') {
            i += format[i] == '%';
            least++;
            most++;
            continue;
        }
        for (i++; format[i] >= '0' && format[i] <= '9'; i++) {
            width = format[i] - '0';
        }
        if (format[i] == 's') {
            least += (int)strlen(va_arg(arguments, const char *));
            most = least;
        }
        else { /* 16 bits without a width, else at most 21 */
            least += width;
            most += format[i] == 'u' ? 10 : width > 1 ? 6 : 4;
        }
    }
    va_end(arguments);
    length = Frama_C_interval(least, most);
    /*@ split length; */
    for (size_t i = 0; i < size && i < (size_t)length; i++) {
        text[i] = (char)Frama_C_interval(1, 127);
    }
    if (size > 0) {
        text[(size_t)length < size ? (size_t)length : size - 1] = '\0';
    }
    return length;
}

/* The place of the lowest bit: any, which suffices for what is divided by eight. */
static inline int prove_ctzll(unsigned long long word)
{
    /*@ assert ctzll_zero: word != 0; */
    return Frama_C_interval(0, 63);
}

#define memchr          prove_memchr
#define memcmp          prove_memcmp
#define strcmp          prove_strcmp
#define inet_pton       prove_inet_pton
#define inet_ntop       prove_inet_ntop
#define snprintf        prove_snprintf
#define __builtin_ctzll prove_ctzll

#endif
