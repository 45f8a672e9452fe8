"""envs, roms, trace and inspect: what they say of files, good and bad."""

import gzip
import hashlib
import os
import resource
import shutil
import tarfile
import unittest
import zipfile
import zlib

from program import DATA, OWN_PONG, PONG, SANITIZED, Case, has_pong, main, run

PONG_MD5 = "60e0ea3cbe0913d39803477945e9e5ec"


class Environments(Case):
    def test_list(self):
        ids = self.check(run("envs"), 0).stdout.split()
        for name in [PONG, "ALE/Pong-v5", "BreakoutNoFrameskip-v4", OWN_PONG]:
            self.assertIn(name, ids)
        self.assertGreater(len(ids), 200)

    def test_one(self):
        empty = {"DEEPQ_ROMS_DIR": str(self.dir), "ALE_ROMS_DIR": "", "XDG_DATA_HOME":
                 str(self.dir)}
        self.check(run("envs", PONG, env=empty), 0, "[210][160][3]", "4 RIGHTFIRE", PONG_MD5,
                   "108000", "sticky actions  0", "roms import")
        self.check(run("envs", "ALE/SpaceInvaders-v5", env=empty), 0, "0.25", "space_invaders")
        self.check(run("envs", OWN_PONG), 0, "comes with deepq")
        self.check(run("envs", "CartPole-v1"), 0, "float32 [4]", "Push left", "500 steps")


class Roms(Case):
    def setUp(self):
        super().setUp()
        self.store = self.dir / "store"
        self.env = {"DEEPQ_ROMS_DIR": str(self.store), "ALE_ROMS_DIR": "",
                    "XDG_DATA_HOME": str(self.dir)}

    def test_the_store_is_named(self):
        self.assertEqual(self.check(run("roms", "path", env=self.env), 0).stdout,
                         f"{self.store}\n")

    def test_list_knows_every_game(self):
        out = self.check(run("roms", "list", env=self.env), 0).stdout
        self.assertEqual(len(out.splitlines()), 105)
        self.assertIn("0 of 104", out)

    def test_nothing_to_import(self):
        (self.dir / "note.txt").write_text("no ROM")
        self.check(run("roms", "import", self.dir / "note.txt", env=self.env), 1, "no ROM of a")
        self.check(run("roms", "import", self.dir / "absent", env=self.env), 2, "absent")

    def test_a_missing_rom_says_all(self):
        self.check(run("train", "--out", self.dir / "run", env=self.env), 1, "pong.bin", PONG_MD5,
                   str(self.store), "deepq roms import")
        self.assertFalse((self.dir / "run").exists())

    def test_a_damaged_rom_is_refused(self):
        self.store.mkdir()
        (self.store / "pong.bin").write_bytes(b"\x55" * 2048)
        self.check(run("train", "--out", self.dir / "run", env=self.env), 2, "pong.bin", PONG_MD5)
        done = run("roms", "verify", env=self.env)
        self.assertEqual(done.returncode, 1)
        self.assertIn("WRONG", done.stdout)

    @unittest.skipUnless(has_pong(), "the Pong ROM is missing")
    def test_import_from_a_zip(self):
        shown = run("envs", PONG).stdout
        path = next(line.split(None, 2)[2] for line in shown.splitlines() if "ROM found" in line)
        with zipfile.ZipFile(self.dir / "any.whl", "w") as z:
            z.write(path, "deep/inside/some_name.bin")
        self.check(run("roms", "import", self.dir / "any.whl", env=self.env), 0, "1 imported")
        stored = (self.store / "pong.bin").read_bytes()
        self.assertEqual(hashlib.md5(stored).hexdigest(), PONG_MD5)
        self.check(run("roms", "import", self.dir / "any.whl", env=self.env), 0, "0 imported")
        self.check(run("roms", "list", env=self.env), 0, "1 of 104")
        self.check(run("roms", "verify", env=self.env), 0, "1 right, 0 wrong")


    def test_archives_that_are_not_opened_are_named(self):
        own = DATA.parents[1] / "roms" / "pong.bin"
        with zipfile.ZipFile(self.dir / "inner.whl", "w") as z:
            z.write(own, "pong.bin")
        with zipfile.ZipFile(self.dir / "outer.zip", "w", zipfile.ZIP_DEFLATED) as z:
            z.write(self.dir / "inner.whl", "dist/inner.whl")
        with tarfile.open(self.dir / "roms.tar.gz", "w:gz") as tar:
            tar.add(own, "pong.bin")
        (self.dir / "old.rar").write_bytes(b"Rar!\x1a\x07\x00" + bytes(2041))  # of a ROM's size
        for name, kind in (("outer.zip:dist/inner.whl", "a zip"), ("roms.tar.gz", "a gzip"),
                           ("old.rar", "a rar")):
            done = run("roms", "import", self.dir / name.split(":")[0], env=self.env)
            self.assertEqual(done.returncode, 1)
            lines = done.stderr.splitlines()
            self.assertEqual(len(lines), 2)
            self.assertIn(f"{name}: {kind} archive is not opened: unpack it", lines[0])
            self.assertIn("no ROM of a known game", lines[1])
        (self.dir / "inner.whl").unlink()
        lines = run("roms", "import", self.dir, env=self.env).stderr.splitlines()
        self.assertEqual(len(lines), 4)


class Traces(Case):
    def setUp(self):
        super().setUp()
        self.traces = sorted((DATA / "testroms").glob("*.atr*"))
        self.assertTrue(self.traces)

    def copy(self, change=lambda trace: trace):
        """A test cartridge and its trace, changed, in the test's folder."""
        source = self.traces[0]
        name = source.name.split(".")[0]
        shutil.copy(source.with_name(name + ".bin"), self.dir / "t.bin")
        raw = source.read_bytes()
        raw = gzip.decompress(raw) if source.suffix == ".gz" else raw
        (self.dir / "t.atr").write_bytes(change(raw))
        return self.dir / "t.atr"

    def test_test_cartridges_are_equal(self):
        out = self.check(run("trace", "check", *self.traces), 0).stdout
        self.assertEqual(out.splitlines(), ["koolaid: 240/240 frames equal"] * len(self.traces))

    def test_compressed(self):
        path = self.copy()
        packed = self.dir / "t.atr.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        self.check(run("trace", "check", packed), 0, "240/240")
        packed.write_bytes(packed.read_bytes()[:-20])
        self.check(run("trace", "check", packed), 2, "damaged")

    def test_a_difference_is_told(self):
        def spoil(trace):
            at = 128 + 16 * 100 + 12  # the screen's checksum in record 100
            return trace[:at] + bytes([trace[at] ^ 1]) + trace[at + 1:]

        done = run("trace", "check", self.copy(spoil))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("record 100", done.stdout)
        self.assertIn("screen", done.stdout)

    def test_damage_is_refused(self):
        self.check(run("trace", "check", self.copy(lambda t: t[:-5])), 2, "t.atr")
        self.check(run("trace", "check", self.copy(lambda t: t[:60])), 2, "t.atr")
        self.check(run("trace", "check", self.copy(lambda t: b"?" + t[1:])), 2, "neither")
        self.check(run("trace", "check", self.dir / "absent.atr"), 2, "absent.atr")

    def test_the_cartridge_must_be_the_right_one(self):
        path = self.copy()
        (self.dir / "t.bin").write_bytes(b"\0" * 2048)
        self.check(run("trace", "check", path), 2, "--rom")
        (self.dir / "t.bin").unlink()
        self.check(run("trace", "check", path), 2, "t.bin", "--rom")

    def test_record_then_check(self):
        cartridge = self.copy().with_suffix(".bin")
        for name in ["a.atr", "a.atr.gz"]:
            out = self.dir / name
            self.check(run("trace", "record", "--game", "koolaid", "--rom", cartridge, "--frames",
                           "90", "--period", "40", "--sticky", "0.25", "-o", out), 0, "90 frames")
            self.check(run("trace", "check", "--rom", cartridge, out), 0, "90/90")

    def test_a_trace_of_our_own_game_needs_no_file_beside_it(self):
        out = self.dir / "own.atr"
        self.check(run("trace", "record", "--env", "deepq/Bricks-v0", "--frames", "90", "-o", out), 0)
        self.check(run("trace", "check", out), 0, "90/90")
        version = run("--version").stdout.split()[1]
        self.check(run("inspect", out), 0, f"recorded with deepq {version}", "breakout")

    @unittest.skipUnless(has_pong(), "the Pong ROM is missing")
    def test_observation_references(self):
        references = [p for p in (DATA / "observations").glob("pong.obs*")]
        self.assertTrue(references)
        self.check(run("trace", "check", *references), 0, "pong: ", "frames equal")


class Inspect(Case):
    def test_files_are_told_apart(self):
        trace = sorted((DATA / "testroms").glob("*.atr*"))[0]
        cartridge = sorted((DATA / "testroms").glob("*.bin"))[0]
        self.check(run("inspect", trace), 0, "trace", "koolaid", "240")
        self.check(run("inspect", cartridge), 0, "ROM", "no known game", "md5")
        self.check(run("inspect", DATA.parents[1] / "roms" / "pong.bin"), 0, "deepq/Pong-v0, our own")
        self.check(run("inspect", DATA / "models" / "state_dict.dat"), 0, "model", "conv.0.weight")
        self.check(run("inspect", DATA / "models" / "complex.dat"), 2, "torch.ComplexFloatStorage")
        for reference in (DATA / "observations").glob("*.obs*"):
            self.check(run("inspect", reference), 0, "observation reference")

    def test_escape_sequences_do_not_reach_the_terminal(self):
        """From names of tensors, settings, a checkpoint's texts, a zip's members and arguments."""
        model = self.dir / "m.dat"
        with zipfile.ZipFile(DATA / "models" / "state_dict.dat") as z, \
                zipfile.ZipFile(model, "w") as out:
            for name in z.namelist():
                # as long as before, or the pickle would be damaged
                out.writestr(name, z.read(name).replace(b"conv.0.weight", b"\x1b]0;title\x07\n\x7f"))
        folder = self.dir / "run"
        self.check(run("train", "-e", OWN_PONG, "--set", "network=small", "--set", "replay_size=100",
                       "--set", "replay_start=50", "--frames", "5", "--out", folder), 0)
        config = folder / "config"
        config.write_text(config.read_text().replace("preset = book", "preset = \x1b[2Jbook\xc2\x9b"))
        state = bytearray((folder / "checkpoint" / "state").read_bytes()[:-4])
        state[72:82] = b"\x1b[31mhello"
        state += zlib.crc32(state).to_bytes(4, "little")
        (folder / "checkpoint" / "state").write_bytes(state)
        strange = self.dir / "\x1b[31mred\nline"
        strange.write_bytes(b"?")
        wheel = self.dir / "w.whl"
        with zipfile.ZipFile(wheel, "w") as out:
            out.write(DATA.parents[1] / "roms" / "pong.bin", "\x1b[31m.bin")
        for arguments in (["inspect", model], ["inspect", folder], ["inspect", strange],
                          ["inspect", folder / "checkpoint"], ["play", "-m", strange], ["\x1b[31m"],
                          ["train", "--set", "\x1b[31m=1"], ["envs", "\x1b[31m"], ["trace", "\x1b[31m"],
                          ["roms", "import", wheel], ["roms", "import", strange],
                          ["eval", "-m", model, "-e", "\x1b[31m"], ["train", "--config", strange],
                          ["train", "--resume", folder, "--frames", "6"]):
            done = run(*arguments)
            for text in (done.stdout, done.stderr):
                self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]", arguments)
                self.assertNotIn("\nline", text)

    @unittest.skipIf(SANITIZED, "a sanitizer needs more memory than the limit")
    def test_what_decompresses_to_much_is_not_decompressed(self):
        """1 GiB of zeros in 1 MB; then behind a trace's head that tells of 2 records."""
        head = next((DATA / "testroms").glob("*.atr")).read_bytes()[:128]
        two = head[:20] + (2).to_bytes(4, "little") + head[24:]
        for name, begin in (("zeros.gz", b""), ("trace.gz", two)):
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            data = packer.compress(begin)
            for _ in range(256):
                data += packer.compress(bytes(1 << 20))
            (self.dir / name).write_bytes(data + packer.flush())
            for command in (["inspect"], ["trace", "check"]):
                done = run(*command, self.dir / name,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (64 << 20,) * 2))
                self.check(done, 2, name, "such a head")

    def test_an_archive_is_no_rom_by_its_size(self):
        with tarfile.open(self.dir / "a.tar", "w") as tar:  # of 10,240 bytes, as DPC's cartridges
            tar.add(DATA.parents[1] / "roms" / "pong.bin", "pong.bin")
        tar = (self.dir / "a.tar").read_bytes()
        (self.dir / "a.tar.gz").write_bytes(gzip.compress(tar))
        (self.dir / "zeros").write_bytes(bytes(10240))
        (self.dir / "noise").write_bytes(b"\x1f\x8b" + bytes(10238))
        for name, word in (("a.tar", "tar archive: unpack"), ("a.tar.gz", "tar archive: unpack"),
                           ("zeros", "not a model"), ("noise", "damaged gzip")):
            self.check(run("inspect", self.dir / name), 2, name, word)
        (self.dir / "r.bin").write_bytes(bytes(8189) + b"\xf0\0\0")
        self.check(run("inspect", self.dir / "r.bin"), 0, "ROM by its size")

    def test_old_models_and_long_names(self):
        """A model that does not say its game, in the folder of its run; a folder that is none."""
        folder = self.dir / "run"
        self.check(run("train", "-e", OWN_PONG, "--set", "network=small", "--set", "replay_size=100",
                       "--set", "replay_start=50", "--frames", "5", "--out", folder), 0)
        with zipfile.ZipFile(DATA / "models" / "state_dict.dat") as z, \
                zipfile.ZipFile(folder / "old.dat", "w") as out:
            for name in z.namelist():
                out.writestr(name, z.read(name))
        self.check(run("inspect", folder / "old.dat"), 0, f"{OWN_PONG}, by the run beside it", "book")
        shutil.copy(folder / "old.dat", self.dir / "old.dat")
        self.check(run("inspect", self.dir / "old.dat"), 0, "not said in the file")
        long = self.dir / "long.dat"
        with zipfile.ZipFile(folder / "old.dat") as z, zipfile.ZipFile(long, "w") as out:
            for name in z.namelist():
                data = z.read(name)
                at = data.find(b"conv.0.weight")
                if at > 0:  # BINUNICODE: its length is the four bytes before
                    data = data[:at - 4] + (40).to_bytes(4, "little") + b"w" * 40 + data[at + 13:]
                out.writestr(name, data)
        self.check(run("inspect", long), 0, "w" * 40 + " float32 [")
        self.check(run("inspect", self.dir), 2, "is not that of a run")

    def test_a_checkpoint_cut_within_its_settings(self):
        """Its checksum is right, so that only its length tells."""
        folder = self.dir / "run"
        self.check(run("train", "-e", OWN_PONG, "--set", "network=small", "--set", "replay_size=100",
                       "--set", "replay_start=50", "--frames", "5", "--out", folder), 0)
        state = folder / "checkpoint" / "state"
        whole = state.read_bytes()
        cut = whole[:whole.index(b"batch = ")]
        state.write_bytes(cut + zlib.crc32(cut).to_bytes(4, "little"))
        for command in (["inspect", state], ["inspect", folder], ["eval", "-m", folder, "--last"]):
            self.check(run(*command), 2, "checkpoint/state", "ends")

    def test_unknown_files(self):
        for name, text in [("a.txt", "hello"), ("empty", ""), ("zip", "PK\3\4 is no model")]:
            (self.dir / name).write_text(text)
            self.check(run("inspect", self.dir / name), 2, name)
        self.check(run("inspect", self.dir / "absent"), 2, "absent")
        self.check(run("inspect", self.dir), 2, "config")
        self.check(run("inspect", os.devnull), 2, "plain file")


main()
