"""A real Spark cluster on this machine for the tests: a standalone master and workers on loopback, each a process of its own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from command import ENVIRONMENT

PATIENCE = 300  # seconds for the cluster to be there, or for a run to come so far


def why_not():
    """Why there can be no cluster here, or None."""
    if any(find_spec(name) is None for name in ("pyspark", "pyarrow", "msgspec", "pandas")):
        return "needs the extra spark: pip install '.[spark]'"
    if shutil.which("java") is None:
        return "needs Java 17 or newer: make java"
    return None


class Cluster:
    """A master and its workers, one core each. `brief`: started for a few seconds' work, which is not worth compiling well."""

    def __init__(self, folder, workers=2, *, brief=True):
        import pyspark

        self.home = Path(pyspark.__file__).parent
        self.folder = folder
        self.processes = {}
        self.address = f"spark://127.0.0.1:{_free_port()}"
        conf = folder / "conf"
        conf.mkdir()
        java = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" if brief else "-XX:+UseSerialGC"
        settings = {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.executor.memory": "600m",
            "spark.driver.memory": "600m",
            "spark.executor.extraJavaOptions": java,
            "spark.driver.extraJavaOptions": java,
            "spark.sql.adaptive.enabled": "true",
            "spark.local.dir": str(folder / "local"),
        }
        (conf / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        (conf / "log4j2.properties").write_text(
            "rootLogger.level = info\nrootLogger.appenderRef.stderr.ref = stderr\nappender.stderr.type = Console\n"
            "appender.stderr.name = stderr\nappender.stderr.target = SYSTEM_ERR\n"
            "appender.stderr.layout.type = PatternLayout\nappender.stderr.layout.pattern = %p %c{1}: %m%n%ex\n"
        )
        self.environment = {
            **ENVIRONMENT,
            "SPARK_HOME": str(self.home),
            "SPARK_CONF_DIR": str(conf),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "PYSPARK_PYTHON": sys.executable,
        }
        port = self.address.rsplit(":", 1)[1]
        self._begin("master", "master.Master", "--host", "127.0.0.1", "--port", port, "--webui-port", str(_free_port()))
        for number in range(workers):
            work = ("--work-dir", str(folder / f"work{number}"))
            self._begin(
                f"worker{number}", "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", *work, self.address
            )

    def __enter__(self):
        for name in self.processes:
            if name.startswith("worker"):
                self.wait_for(lambda name=name: "Successfully registered with master" in self.log(name))
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            self.kill(name)

    def _begin(self, name, kind, *arguments):
        command = [str(self.home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", *arguments]
        log = (self.folder / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(
            command, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        log.close()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def tasks_done(self, number):
        """How many tasks the executors of a worker have finished."""
        logs = (self.folder / f"work{number}").glob("app-*/*/stderr")
        return sum(len(re.findall("Finished task ", log.read_text("utf-8", "replace"))) for log in logs)

    def kill(self, name):
        """End a process at once, with all that it has begun."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for(self, come):
        """Wait until it has come to this."""
        until = time.monotonic() + PATIENCE
        while not come():
            assert time.monotonic() < until, {name: self.log(name)[-2000:] for name in self.processes}
            time.sleep(0.1)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
