# SPDX-License-Identifier: Apache-2.0
"""What is shipped: the oldest httpd, the protections of the binaries, versions, containers, the bill of materials.
Nothing is compiled but one file. scripts/package-test does the rest."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from test_tools import REPOSITORY, flags_of

sys.path.insert(0, str(REPOSITORY / "tests/live"))
import httpd  # noqa: E402

BUILD = Path(os.environ.get("OCORS_BUILD", "."))
DOCUMENTS = REPOSITORY / "examples/container/documents"


def run(*command, cwd=REPOSITORY):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def read(name):
    return (REPOSITORY / name).read_text()


# ---- The oldest httpd and json-c -------------------------------------------------------------


def compile_front_door(minor):
    """With the headers of this httpd, and the number that another one has for the interface of modules."""
    text = ("#include <httpd.h>\n#undef MODULE_MAGIC_NUMBER_MINOR\n"
            f'#define MODULE_MAGIC_NUMBER_MINOR {minor}\n#include "mod_ocapi_cors.c"\n')
    return subprocess.run(["gcc", "-fsyntax-only", *flags_of("mod_ocapi_cors.c"), "-I.", "-x", "c", "-"], cwd=REPOSITORY,
                          input=text, capture_output=True, text=True)


@pytest.mark.parametrize("minor, message", [(118, "httpd 2.4.52 or newer is needed"), (121, "")],
                         ids=["2.4.51", "2.4.52"])
def test_the_sources_refuse_an_httpd_that_is_too_old(minor, message):
    """ap_mmn.h: 20120211.118 is 2.4.51, .121 is 2.4.52. A build by plain apxs asks no configure."""
    done = compile_front_door(minor)
    assert message in done.stderr
    assert (done.returncode != 0) == bool(message), done.stderr


def test_one_floor_is_told_everywhere():
    floors = {"configure.ac": set(re.findall(r"2\.4\.\d+", read("configure.ac"))),
              "mod_ocapi_cors.c": set(re.findall(r"httpd (2\.4\.\d+) or newer", read("mod_ocapi_cors.c"))),
              "README.md": set(re.findall(r"httpd (2\.4\.\d+) or later", read("README.md")))}
    assert floors == dict.fromkeys(floors, {"2.4.52"})


# ---- What protects the binaries --------------------------------------------------------------


BINARIES = [".libs/mod_ocapi_cors.so", "ocapi-cors"]


def is_ibt(path):
    """Whether the file says that each indirect branch in it has a target (CET)."""
    return bool(re.search(r"x86 feature:.*IBT.*SHSTK", run("readelf", "-nW", str(path)).stdout))


def weaknesses(binary):
    """What an attacker would be glad to find in a program or a shared object."""
    segments = run("readelf", "-lW", binary).stdout
    dynamic = run("readelf", "-dW", binary).stdout
    symbols = run("readelf", "--dyn-syms", "-W", binary).stdout
    found = []
    if "GNU_RELRO" not in segments or not re.search(r"BIND_NOW|Flags:.*NOW", dynamic):
        found.append("relocations can be written")
    if not re.search(r"GNU_STACK .*RW +0x", segments):
        found.append("the stack can be executed")
    if re.search(r"LOAD .* RWE ", segments):
        found.append("a segment can be written and executed")
    if re.search(r"\(TEXTREL\)|\((RPATH|RUNPATH)\)", dynamic):
        found.append("text relocations, or a path of the builder")
    if not re.search(r"Type: +DYN", run("readelf", "-hW", binary).stdout):
        found.append("a fixed address")
    if "__stack_chk_fail" not in symbols:
        found.append("no stack protector")
    if not re.search(r"__\w+_chk@", symbols.replace("__stack_chk_fail", "")):
        found.append("no _FORTIFY_SOURCE")
    return found


@pytest.mark.parametrize("name", BINARIES)
def test_a_binary_has_every_protection(name):
    assert weaknesses(str(BUILD / "gcc" / name)) == []


def test_a_weak_binary_would_be_seen(tmp_path):
    (tmp_path / "weak.c").write_text("int main(void) { return 0; }\n")
    done = run("gcc", "-O0", "-no-pie", "-fno-stack-protector", "-z", "execstack", "-z", "norelro", "-Wl,-rpath,/opt",
               "-o", "weak", "weak.c", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(weaknesses(str(tmp_path / "weak"))) >= 6


def test_the_highest_level_that_the_compiler_has_is_taken(tmp_path):
    """_FORTIFY_SOURCE 3 where <features.h> does not call it too high, else 2; CET where gcc compiles for it."""
    flags = re.search(r"^HARDEN_CFLAGS = (.*)$", (BUILD / "gcc/Makefile").read_text(), re.M)[1].split()
    (tmp_path / "empty.c").write_text("#include <string.h>\n")
    for choices in (["-D_FORTIFY_SOURCE=3", "-D_FORTIFY_SOURCE=2"], ["-fstack-protector-strong"],
                    ["-fstack-clash-protection"], ["-fcf-protection=full"]):
        taken = [flag for flag in choices
                 if run("gcc", "-O2", "-Werror", flag, "-c", "empty.c", cwd=tmp_path).returncode == 0]
        assert taken[:1] == [flag for flag in choices if flag in flags]
    if "-fcf-protection=full" in flags:
        objects = [*BUILD.glob("gcc/src/httpd/.libs/*.o"), *BUILD.glob("gcc/src/core/.libs/*.o")]
        assert len(objects) > 20 and [str(path) for path in objects if not is_ibt(path)] == []


# ---- One version -----------------------------------------------------------------------------


def test_one_version_is_told_everywhere():
    """1.0.0-rc1 is 1.0.0~rc1 for dpkg and rpm, which sort it before 1.0.0."""
    version = re.search(r'^#define OCORS_VERSION "(.*)"$', read("include/ocors_version.h"), re.M)[1]
    packaged = version.replace("-rc", "~rc")
    spec = read("packaging/rpm/mod_ocapi_cors.spec")
    told = {"CHANGES": re.search(r"^Changes with mod_ocapi_cors (\S+) \(", read("CHANGES"))[1],
            "the tarball in the spec file": re.search(r"^%global upstream_version (\S+)$", spec, re.M)[1],
            "deployment.yaml": re.search(r"image: ocapi-httpd:(\S+)$", read("examples/kubernetes/deployment.yaml"), re.M)[1]}
    assert told == dict.fromkeys(told, version)
    told = {"the spec file": re.search(r"^Version: +(\S+)$", spec, re.M)[1],
            "its changelog": re.search(r"^\* .* - (\S+)-\d+$", spec, re.M)[1]}
    if (REPOSITORY / "debian").exists():  # a tarball does not have it
        told["debian/changelog"] = re.match(r"mod-ocapi-cors \((\S+)-\d+\)", read("debian/changelog"))[1]
    assert told == dict.fromkeys(told, packaged)


# ---- Container and Kubernetes: examples that nobody runs here --------------------------------


DOCKERFILE = "examples/container/Dockerfile"
MANIFESTS = sorted(p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / "examples").glob("[ck]*/*.yaml"))
MANIFESTS += ["examples/container/prometheus.yml"]


def instructions(text):
    """(name, arguments) of each instruction of a Dockerfile; continued lines are one."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def dockerfile_findings(text, root=REPOSITORY):
    """hadolint's rules, those that can be read from the text, and that what is copied is there."""
    findings, stages = [], []
    for name, rest in instructions(text):
        if name == "FROM":
            stages.append([])
            if ":" not in rest or ":latest" in rest:
                findings.append(f"DL3006, DL3007: {rest} has no tag")
        stages[-1].append((name, rest))
        if name == "RUN" and "apt-get install" in rest:
            findings += [f"{rule}: RUN {rest}" for rule, wanted in
                         (("DL3015", "--no-install-recommends"), ("DL3014", " -y"), ("DL3009", "rm -rf /var/lib/apt/lists"),
                          ("DL3009", "apt-get update &&")) if wanted not in rest]
        if name == "RUN" and re.search(r"\bsudo\b|\bcd\b|apt\s|upgrade", rest):
            findings.append(f"DL3003, DL3004, DL3005, DL3027: RUN {rest}")
        if name == "ADD":
            findings.append(f"DL3020: ADD {rest}")
        if name in ("CMD", "ENTRYPOINT") and not rest.startswith("["):
            findings.append(f"DL3025: {name} {rest}")
        if name == "WORKDIR" and not rest.startswith("/"):
            findings.append(f"DL3000: WORKDIR {rest}")
        if name == "COPY" and "--from=" not in rest:
            findings += [f"COPY {source}: it is not there" for source in rest.split()[:-1] if not (root / source).exists()]
    last = [rest for name, rest in stages[-1] if name == "USER"]
    if not last or last[-1].split(":")[0] in ("root", "0"):
        findings.append("DL3002: the last user is root")
    if not any(name == "HEALTHCHECK" for name, _ in stages[-1]):
        findings.append("no HEALTHCHECK")
    return findings


def test_the_dockerfile_has_no_finding():
    assert dockerfile_findings(read(DOCKERFILE)) == []


@pytest.mark.parametrize("old, new, finding", [
    ("USER 8080", "USER root", "DL3002"),
    ("COPY examples/container/httpd.conf", "COPY examples/container/other.conf", "other.conf: it is not there"),
    ("FROM debian:bookworm-slim\n", "FROM debian\n", "DL3006"),
    (' --no-install-recommends apache2-bin', " apache2-bin", "DL3015"),
    ("HEALTHCHECK", "#HEALTHCHECK", "HEALTHCHECK"),
    ('CMD ["apache2"', 'CMD apache2 ["', "DL3025"),
])
def test_a_worse_dockerfile_has_one(old, new, finding):
    text = read(DOCKERFILE)
    assert old in text
    assert any(finding in found for found in dockerfile_findings(text.replace(old, new)))


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_yaml(name):
    assert isinstance(yaml.safe_load(read(name)), dict)


def test_what_compose_builds_and_mounts_is_there():
    folder = REPOSITORY / "examples/container"
    services = yaml.safe_load(read("examples/container/compose.yaml"))["services"]
    build = services["httpd"]["build"]
    assert (folder / build["context"] / build["dockerfile"]).resolve() == REPOSITORY / DOCKERFILE
    mounts = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert len(mounts) == 3 and [mount for mount in mounts if not (folder / mount).exists()] == []
    backend = services["backend"]
    assert services["httpd"]["environment"]["BACKEND"] == f"http://backend:{backend['command'][3]}"


def test_prometheus_asks_a_port_that_httpd_has():
    config = read("examples/container/httpd.conf")
    job = yaml.safe_load(read("examples/container/prometheus.yml"))["scrape_configs"][0]
    assert job["params"] == {"format": ["prometheus"]} and f'<Location "{job["metrics_path"]}">' in config
    host, port = job["static_configs"][0]["targets"][0].split(":")
    assert host in yaml.safe_load(read("examples/container/compose.yaml"))["services"] and f"Listen {port}\n" in config


def test_the_manifests_of_kubernetes_fit_together():
    """A swap of a ConfigMap arrives in a mounted directory, and never through subPath."""
    pod = yaml.safe_load(read("examples/kubernetes/deployment.yaml"))["spec"]["template"]
    documents = yaml.safe_load(read("examples/kubernetes/configmap.yaml"))
    service = yaml.safe_load(read("examples/kubernetes/service.yaml"))["spec"]
    container = pod["spec"]["containers"][0]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert "subPath" not in str(container["volumeMounts"]) and set(volumes) == {m["name"] for m in mounts.values()}
    assert volumes[mounts["/etc/ocapi"]["name"]]["configMap"]["name"] == documents["metadata"]["name"]
    assert re.findall(r"^ *OcapiCorsSettings /etc/ocapi/(\S+)$", read("examples/container/httpd.conf"), re.M) == list(documents["data"])
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert service["ports"][0]["targetPort"] in ports and service["selector"].items() <= pod["metadata"]["labels"].items()
    assert {f"Listen {port}" for port in ports.values()} == set(
        re.findall(r"^Listen \d+$", read("examples/container/httpd.conf"), re.M))
    assert f"USER {pod['spec']['securityContext']['runAsUser']}\n" in read(DOCKERFILE)


def test_the_documents_of_the_examples_are_good(tmp_path):
    documents = yaml.safe_load(read("examples/kubernetes/configmap.yaml"))["data"]
    (tmp_path / "shop.json").write_text(documents["shop.json"])
    for path in (tmp_path / "shop.json", REPOSITORY / "examples/container/documents/shop.json"):
        done = run(str(BUILD / "gcc/ocapi-cors"), "check", "--strict", str(path))
        assert done.returncode == 0, done.stdout + done.stderr


def test_httpd_takes_the_configuration_of_the_container(tmp_path):
    """As the image has it, with the documents and the module where they are here."""
    config = read("examples/container/httpd.conf")
    for old, new in (("/usr/lib/apache2/modules/mod_ocapi_cors.so", os.environ["OCORS_MODULE"]),
                     ("/usr/lib/apache2/modules", httpd.apxs("LIBEXECDIR")), ("/etc/ocapi", str(DOCUMENTS)),
                     ("/proc/self/fd/2", str(tmp_path / "error.log")), ("/proc/self/fd/1", str(tmp_path / "access.log"))):
        assert old in config
        config = config.replace(old, new)
    (tmp_path / "httpd.conf").write_text(config)
    done = subprocess.run([httpd.binary(), "-t", "-d", str(tmp_path), "-f", str(tmp_path / "httpd.conf"),
                           "-C", f"ServerRoot {tmp_path}"], capture_output=True, text=True,
                          env={**os.environ, "BACKEND": "http://backend.example:8000"})
    assert "Syntax OK" in done.stderr, done.stderr


# ---- The bill of materials -------------------------------------------------------------------


def bill_of_materials(tmp_path):
    (tmp_path / "some.tar.gz").write_bytes(b"bytes")
    done = subprocess.run([str(REPOSITORY / "packaging/sbom.py"), str(BUILD / "gcc/Makefile"), str(tmp_path / "some.tar.gz")],
                          capture_output=True, text=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1000000000"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_bill_of_materials_has_what_cyclonedx_requires(tmp_path):
    """CycloneDX 1.5: bomFormat and specVersion; of a component type and name; of a hash alg and content; of a dependency ref."""
    bill = bill_of_materials(tmp_path)
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    assert bill["metadata"]["timestamp"] == "2001-09-09T01:46:40Z"
    own, components = bill["metadata"]["component"], bill["components"]
    assert own["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"bytes").hexdigest()}]
    for component in [own, *components]:
        assert component["type"] in ("application", "library") and component["name"] and component["version"]
        assert component["purl"] == component["bom-ref"] == f"pkg:generic/{component['name']}@{component['version']}"
        assert [set(entry["license"]) for entry in component["licenses"]] == [{"id"}]
    references = [component["bom-ref"] for component in components]
    assert bill["dependencies"] == [{"ref": own["bom-ref"], "dependsOn": references}]
    assert {component["name"]: component["version"] for component in components}["httpd"] == httpd.apxs("HTTPD_VERSION")


def test_it_names_the_libraries_that_are_linked_and_the_floors_of_configure(tmp_path):
    components = {component["name"]: component for component in bill_of_materials(tmp_path)["components"]}
    dynamic = "".join(run("readelf", "-dW", str(BUILD / "gcc" / name)).stdout for name in BINARIES)
    linked = set(re.findall(r"NEEDED.*\[lib([\w-]+)\.so", dynamic)) - {"c"}
    assert linked and linked <= set(components)
    floors = {name: value["value"] for name, component in components.items()
              for value in component["properties"] if value["name"].endswith("minimum")}
    assert floors == {"httpd": "2.4.52", "apr": "1.6", "json-c": "0.14"}
