"""Event files against TensorBoard itself. Needs the tensorboard package.

    check_tensorboard.py TEST_TENSORBOARD   read what the C test's program writes
    check_tensorboard.py --write FOLDER     make the file of tests/data/tensorboard again
"""
import os
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    print(f"skipped: no TensorBoard here ({error})")
    sys.exit(77)

# The same as in tests/unit/test_tensorboard.c: tag, step, value, wall time.
SCALARS = [("reward", 1, -21.0, 1000.25), ("reward_100", 1, 0.0, 1000.25),
           ("epsilon", 123456, 0.01, 1001.5), ("speed", 10**12, 1234.5678, 1002.0)]
TEXT = "|key|value|\n|---|---|\n|gamma|0.99|"


def write(folder):
    with open(os.path.join(folder, "events.bin"), "wb") as f:
        writer = RecordWriter(f)
        for tag, step, value, wall_time in SCALARS:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.write(Event(wall_time=wall_time, step=step, summary=summary).SerializeToString())
        value = Summary.Value(
            tag="config", tensor=TensorProto(dtype="DT_STRING", string_val=[TEXT.encode()]),
            metadata=SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text")))
        event = Event(wall_time=1003, step=5, summary=Summary(value=[value]))
        writer.write(event.SerializeToString())
        event = Event(wall_time=1004, step=100, session_log=SessionLog(status=SessionLog.START))
        writer.write(event.SerializeToString())
        writer.flush()


def check(program):
    with tempfile.TemporaryDirectory() as folder:
        for part in "first", "resumed":
            subprocess.run([program, folder, part], check=True)
        events = EventAccumulator(folder)
        events.Reload()
        assert events.file_version == 2.0, events.file_version
        tags = events.Tags()
        assert set(tags["scalars"]) == {"reward", "reward_100", "epsilon", "speed"}, tags
        assert tags["tensors"] == ["config"], tags
        for tag in "reward_100", "reward":
            (point,) = [e for e in events.Scalars(tag) if e.step == 1]
            assert point.wall_time == 1000.25, point
        # The resumed part starts at step 100: later points of the first are void.
        assert [(e.step, e.value) for e in events.Scalars("reward")] == [(1, -21.0), (100, 7.0)]
        assert [e.step for e in events.Scalars("reward_100")] == [1]
        assert events.Tensors("config")[0].tensor_proto.string_val[0].decode() == TEXT
    print("TensorBoard reads what was written")


if len(sys.argv) == 3 and sys.argv[1] == "--write":
    write(sys.argv[2])
elif len(sys.argv) == 2:
    check(sys.argv[1])
else:
    sys.exit(__doc__)
