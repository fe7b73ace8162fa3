"""Advisory drafts in the official formats: one module per format, all from one `Advisory`.

OSV 1.7, CSAF 2.0, CVE record 5.2, OpenVEX 0.2, CycloneDX 1.7, and the repository advisory of GitHub. Each draft is plain data, ready for `json.dumps`, and is held to the official schema, where there is one, by tests.
"""

from troth.desk.advisories.advisory import (
    Advisory,
    Branch,
    Named,
    Package,
    Publisher,
    Reference,
    Status,
    advisory_of,
    gaps,
)
from troth.desk.advisories.csaf import csaf
from troth.desk.advisories.cve_record import cve_record
from troth.desk.advisories.cyclonedx_vex import cyclonedx_vex
from troth.desk.advisories.ghsa import ghsa
from troth.desk.advisories.openvex import openvex
from troth.desk.advisories.osv import osv

__all__ = [
    "Advisory", "Branch", "Named", "Package", "Publisher", "Reference", "Status", "advisory_of", "csaf", "cve_record", "cyclonedx_vex", "gaps", "ghsa", "openvex", "osv",
]  # fmt: skip
