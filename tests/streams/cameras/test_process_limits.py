import subprocess
import sys


def test_a_process_limits_itself() -> None:
    program = (
        "import resource; from streams.cameras.process_limits import ProcessLimits;"
        "ProcessLimits(memory_bytes=2**30, open_files=32, cpu_s=30).set();"
        "print(*(resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE,"
        "resource.RLIMIT_CPU, resource.RLIMIT_AS)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert said[:2] == ["32", "0"]
    assert 30 <= int(said[2]) <= 35
    assert sys.platform != "linux" or int(said[3]) == 2**30
