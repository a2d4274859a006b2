#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The software bill of materials of a tarball, as CycloneDX 1.5: what the module needs, and which versions configure found.

Usage: packaging/sbom.py MAKEFILE TARBALL     MAKEFILE is the one that configure made. The time is SOURCE_DATE_EPOCH's."""

import hashlib
import json
import os
import re
import sys
import time
import uuid
from pathlib import Path

# name, variable of the version that was found, of the oldest that suffices, licence, what for
NEEDED = [
    ("httpd", "APACHE_VERSION", "APACHE_FLOOR", "Apache-2.0", "loads the module"),
    ("apr", "APR_VERSION", "APR_FLOOR", "Apache-2.0", "comes with httpd"),
    ("apr-util", "APU_VERSION", None, "Apache-2.0", "comes with httpd"),
    ("json-c", "JSONC_VERSION", "JSONC_FLOOR", "MIT", "linked by the module and by ocapi-cors"),
]


def main(makefile, tarball):
    text = Path(makefile).read_text()
    value = {name: found.strip() for name, found in re.findall(r"^(\w+) = (.*)$", text, re.M)}
    version = value["PACKAGE_VERSION"]
    digest = hashlib.sha256(Path(tarball).read_bytes()).hexdigest()
    own = f"pkg:generic/mod_ocapi_cors@{version}"
    components = []
    for name, found, floor, licence, purpose in NEEDED:
        properties = [{"name": "mod_ocapi_cors:purpose", "value": purpose}]
        if floor is not None:
            properties.append({"name": "mod_ocapi_cors:minimum", "value": value[floor]})
        components.append({
            "type": "application" if name == "httpd" else "library",
            "bom-ref": f"pkg:generic/{name}@{value[found]}",
            "name": name,
            "version": value[found],
            "scope": "required",
            "licenses": [{"license": {"id": licence}}],
            "purl": f"pkg:generic/{name}@{value[found]}",
            "properties": properties,
        })
    moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))
    json.dump({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": "mod_ocapi_cors",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "purl": own,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            },
        },
        "components": components,
        "dependencies": [{"ref": own, "dependsOn": [component["bom-ref"] for component in components]}],
    }, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
