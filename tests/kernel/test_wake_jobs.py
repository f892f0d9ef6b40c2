"""Jobs are our own functions by name, as JSON: write access to Redis does not allow to run anything else."""

from collections.abc import Callable
from pathlib import Path

import pytest
import rq
from flask import Flask
from rq.serializers import JSONSerializer

from msp.kernel import jobs, wake

RAN: list[str] = []


@pytest.fixture(autouse=True)
def drain_named_x(monkeypatch: pytest.MonkeyPatch) -> None:
    RAN.clear()

    def one() -> bool:
        RAN.append("x")
        return False

    monkeypatch.setitem(jobs._drains, "x", jobs._Drain(one, (one,)))


def work_off() -> None:
    jobs._Listener([wake.QUEUE], connection=wake.connection()).work(burst=True, logging_level="CRITICAL")


def test_a_wake_up_is_worked(app: Flask) -> None:
    wake.send("x")
    work_off()
    assert RAN == ["x"]


def test_a_wake_up_is_stored_as_json(app: Flask) -> None:
    wake.send("x")
    (job_id,) = wake.queue().get_job_ids()
    data = wake.connection().hget(f"rq:job:{job_id}", "data")
    job = wake.queue().fetch_job(job_id)
    assert job is not None and job.args == ["x"]
    assert isinstance(data, bytes) and b"pickle" not in data and not data.startswith(b"\x80")


def pickled(queue: rq.Queue, victim: Path) -> None:
    queue.enqueue("os.mkdir", str(victim))


def named(queue: rq.Queue, victim: Path) -> None:
    rq.Queue(wake.QUEUE, connection=wake.connection(), serializer=JSONSerializer).enqueue("os.mkdir", str(victim))


def of_ours(queue: rq.Queue, victim: Path) -> None:
    """A function of ours that is no wake-up."""
    rq.Queue(wake.QUEUE, connection=wake.connection(), serializer=JSONSerializer).enqueue(
        "msp.kernel.wake.connect", f"unix://{victim}"
    )
    victim.mkdir() if wake.connection().connection_pool.connection_kwargs.get("path") == str(victim) else None


def with_callback(queue: rq.Queue, victim: Path) -> None:
    """A wake-up whose success or failure calls something else."""
    for field in ("success_callback_name", "failure_callback_name"):
        wake.send("x") if field.startswith("success") else wake.queue().enqueue("msp.kernel.jobs.run", "unknown")
        for job_id in wake.queue().get_job_ids():
            wake.connection().hset(f"rq:job:{job_id}", field, "tests.kernel.test_wake_jobs.note_callback")


def note_callback(*_args: object) -> None:
    RAN.append("callback")


@pytest.mark.parametrize("write", [pickled, named, of_ours, with_callback])
def test_nothing_else_is_run(app: Flask, tmp_path: Path, write: Callable[[rq.Queue, Path], None]) -> None:
    victim, before = tmp_path / "victim", wake.connection()
    write(rq.Queue(wake.QUEUE, connection=wake.connection()), victim)
    work_off()
    assert not victim.exists() and wake.connection() is before
    assert "callback" not in RAN


def test_the_worker_goes_on_after_such_a_job(app: Flask, tmp_path: Path) -> None:
    pickled(rq.Queue(wake.QUEUE, connection=wake.connection()), tmp_path / "victim")
    wake.send("x")
    work_off()
    assert RAN == ["x"]


def test_the_clock_ticks_as_json(app: Flask) -> None:
    clock = jobs.make_clock(wake.connection())
    clock.enqueue_jobs()
    (job_id,) = wake.queue().get_job_ids()
    job = wake.queue().fetch_job(job_id)
    assert job is not None and job.func_name == "msp.kernel.jobs.tick"
    assert list(job.args) == [] and not job.kwargs
