"""Install Debian's libfaketime, with which the clocks of servers jump in tests/chaos; run by the Makefile before them.

Without it nothing fails: those runs then leave the clocks alone, and say so.
"""

import os
import shutil
import subprocess
from pathlib import Path

LIBRARIES = ("faketime/libfaketimeMT.so.1", "*/faketime/libfaketimeMT.so.1")


def main() -> None:
    if any(any(Path(folder).glob(name)) for folder in ("/usr/lib", "/usr/lib64") for name in LIBRARIES):
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (
        prefix and subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
    ):
        print("There is no libfaketime, and no way to install it: in tests/chaos clocks will not jump.", flush=True)
        return
    print("Installing libfaketime with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "libfaketime"]):
        done = subprocess.run(
            [*prefix, "apt-get", *step], check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        if done.returncode:
            print(f"`apt-get {step[0]}` failed; in tests/chaos clocks will not jump.", flush=True)
            return


if __name__ == "__main__":
    main()
