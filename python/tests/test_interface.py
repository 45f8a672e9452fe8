"""deepq.ale: ale-py's names, and its types of errors."""

import os
import pathlib
import pickle
import tempfile
import unittest
import warnings
import wave

import gymnasium
import numpy as np

import deepq.ale as ale_py
from deepq.ale import Action, ALEInterface, ALEState, LoggerMode, roms

OWN = "deepq/Pong-v0"


def loaded(**settings):
    ale = ALEInterface()
    for key, value in {"random_seed": 3, **settings}.items():
        {int: ale.setInt, bool: ale.setBool, float: ale.setFloat}[type(value)](key, value)
    ale.loadROM(OWN)
    return ale


class Names(unittest.TestCase):
    def test_the_module_has_ale_pys(self):
        for name in ale_py.__all__:
            self.assertTrue(hasattr(ale_py, name), name)
        from deepq.ale.roms import get_all_rom_ids

        self.assertIn("space_invaders", get_all_rom_ids())
        self.assertEqual(gymnasium.spec("ALE/Pong-v5").entry_point, "deepq.ale.env:AtariEnv")
        self.assertEqual(gymnasium.spec("PongNoFrameskip-v4").kwargs["frameskip"], 1)

    def test_enumerations(self):
        self.assertEqual((str(Action.FIRE), repr(Action.FIRE)), ("Action.FIRE", "Action.FIRE"))
        self.assertEqual((Action.DOWNLEFTFIRE.value, Action(3), len(Action)), (17, Action.RIGHT, 18))
        with self.assertRaises(ValueError):
            Action(18)
        self.assertEqual([m.name for m in LoggerMode], ["Info", "Warning", "Error"])
        self.assertIs(pickle.loads(pickle.dumps(Action.UP)), Action.UP)
        ALEInterface.setLoggerMode(LoggerMode.Error)


class Settings(unittest.TestCase):
    def test_defaults_and_types(self):
        ale = ALEInterface()
        self.assertEqual(ale.getFloat("repeat_action_probability"), 0.25)
        self.assertEqual((ale.getInt("random_seed"), ale.getInt("frame_skip")), (-1, 1))
        self.assertEqual((ale.getString("cpu"), ale.getBool("display_screen")), ("low", False))
        self.assertEqual((ale.getInt("nothing"), ale.getString("nothing")), (-1, ""))
        ale.setFloat("repeat_action_probability", 0.1)
        self.assertEqual(ale.getFloat("repeat_action_probability"), np.float32(0.1))
        ale.setInt("random_seed", np.int32(7))
        self.assertEqual(ale.getInt("random_seed"), 7)

    def test_what_is_refused(self):
        ale = ALEInterface()
        for call in (
            lambda: ale.setInt("nothing", 1),
            lambda: ale.setFloat("random_seed", 1.0),
            lambda: ale.setString("frame_skip", "4"),
        ):
            self.assertRaisesRegex(RuntimeError, "does not exist", call)
        for call in (
            lambda: ale.setInt("random_seed", 3.0),
            lambda: ale.setInt("random_seed", 2**31),
            lambda: ale.setBool("sound", 1),
            lambda: ale.setFloat("repeat_action_probability", "x"),
            lambda: ale.setString("cpu", 1),
        ):
            self.assertRaises(TypeError, call)


class Effects(unittest.TestCase):
    """What settings do; that it is what they do in ALE is held by test_session_golden and compare_python.py."""

    def test_rewards_are_clipped_as_sums_of_an_act(self):
        plain, clipped = (loaded(frame_skip=1000, repeat_action_probability=0.0, reward_min=low) for low in (-(2**31), -2))
        sums = [plain.act(0) for _ in range(3)]
        self.assertLess(min(sums), -2)
        self.assertEqual([max(r, -2) for r in sums], [clipped.act(0) for _ in range(3)])

    def test_what_is_in_ram_when_the_power_comes_on(self):
        rams = {seed: [loaded(system_random_seed=seed).getRAM().tobytes() for _ in range(2)] for seed in (4753849, 0, -1)}
        for first, second in rams.values():
            self.assertEqual(first, second)
        self.assertEqual(rams[4753849][0], loaded().getRAM().tobytes())

    def test_colours_are_averaged(self):
        plain, mixed = loaded(), loaded(color_averaging=True)
        n_other = 0
        for t in range(60):
            plain.act(t % 6), mixed.act(t % 6)
            n_other += (plain.getScreen() != mixed.getScreen()).any()
            self.assertEqual(plain.getRAM().tobytes(), mixed.getRAM().tobytes())
        self.assertGreater(n_other, 10)

    def test_a_lost_life_truncates(self):
        ale = ALEInterface()
        ale.setBool("truncate_on_loss_of_life", True)
        ale.loadROM("deepq/Bricks-v0")
        first = ale.lives()
        while not ale.game_over():
            ale.act(1)
        self.assertEqual((ale.lives(), ale.game_truncated(), ale.game_over(with_truncation=False)), (first - 1, True, False))
        n = ale.getEpisodeFrameNumber()
        self.assertEqual((ale.act(1), ale.getEpisodeFrameNumber()), (0, n))
        ale.reset_game()
        self.assertFalse(ale.game_over())

    def test_limits_of_paddles(self):
        for low, high in ((5, 5), (-7, 100), (0, 10**7)):
            self.assertRaisesRegex(RuntimeError, "paddles from", loaded, paddle_min=low, paddle_max=high)
        loaded(paddle_min=0, paddle_max=1000000)


class Recordings(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def recorded(self, ale, **settings):
        ale.setInt("random_seed", 3)
        ale.setInt("frame_skip", 2)
        for key, value in settings.items():
            (ale.setBool if value is True else ale.setString)(key, value)
        ale.loadROM(OWN)
        return ale

    def test_a_picture_before_each_frame(self):
        ale = self.recorded(ALEInterface(), record_screen_dir=str(self.folder))
        ale.saveScreenPNG(str(self.folder / "first.png"))
        for t in range(3):
            ale.act(t)
        ale.reset_game()
        ale.act(action=1, paddle_strength=0.5)
        names = sorted(p.name for p in self.folder.iterdir())
        self.assertEqual(names, [f"{n:06}.png" for n in range(8)] + ["first.png"])
        self.assertEqual((self.folder / "000000.png").read_bytes(), (self.folder / "first.png").read_bytes())
        plain = loaded(frame_skip=2)
        self.assertEqual([plain.act(t) for t in range(3)], [0, 0, 0])
        self.assertEqual(plain.getFrameNumber(), 6)

    def test_recording_changes_nothing(self):
        ale = self.recorded(ALEInterface(), record_screen_dir=str(self.folder))
        plain = loaded(frame_skip=2)
        for t in range(20):
            self.assertEqual((ale.act(t % 6), ale.getRAM().tobytes()), (plain.act(t % 6), plain.getRAM().tobytes()))

    def test_sound(self):
        path = self.folder / "sound.wav"
        ale = self.recorded(ALEInterface(), record_sound_filename=str(path), sound=True)
        heard = b""
        for t in range(40):
            ale.act(t % 6)
            heard += ale.getAudio().tobytes()  # of the second of two frames
        with wave.open(str(path)) as wav:
            self.assertEqual(wav.getparams()[:4], (1, 1, 30720, 80 * 512))
            samples = wav.readframes(80 * 512)
        self.assertEqual(heard, b"".join(samples[i + 512 : i + 1024] for i in range(0, len(samples), 1024)))
        ale.setString("record_sound_filename", "")
        ale.loadROM(OWN)
        ale.act(1)
        self.assertEqual(len(path.read_bytes()), 44 + 80 * 512)

    def test_none_without_sound(self):
        path = self.folder / "sound.wav"
        self.recorded(ALEInterface(), record_sound_filename=str(path)).act(0)
        self.assertFalse(path.exists())

    def test_where_it_cannot_be_written(self):
        ale = self.recorded(ALEInterface(), record_screen_dir=str(self.folder / "no folder"))
        self.assertRaises(OSError, ale.act, 0)
        nowhere = str(self.folder / "no folder" / "sound.wav")
        self.assertRaises(OSError, self.recorded, ALEInterface(), record_sound_filename=nowhere, sound=True)


class Cartridges(unittest.TestCase):
    def test_nothing_works_before_a_cartridge_is_there(self):
        ale = ALEInterface()
        for call in (ale.lives, ale.getLegalActionSet, ale.getScreenRGB, ale.getRAM, ale.reset_game, ale.cloneState,
                     lambda: ale.act(0), lambda: ale.setMode(0)):
            self.assertRaisesRegex(RuntimeError, "ROM not set", call)

    def test_files_that_are_no_cartridges(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "unknown.bin"
            path.write_bytes(b"x" * 4096)
            self.assertIsNone(ALEInterface.isSupportedROM(path))
            self.assertRaisesRegex(RuntimeError, "md5", ALEInterface().loadROM, path)
            self.assertRaises(RuntimeError, ALEInterface.isSupportedROM, "no such file")
            self.assertRaises(FileNotFoundError, ALEInterface().loadROM, "no such file")
            self.assertRaises(TypeError, ALEInterface().loadROM, 3)

    def test_roms(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.assertIsNone(roms.get_rom_path("no_such_game"))
        self.assertEqual(len(caught), 1)


class Playing(unittest.TestCase):
    def test_acting(self):
        ale = loaded()
        self.assertEqual(len(ale.getLegalActionSet()), 18)
        self.assertEqual(ale.getMinimalActionSet()[2], Action.RIGHT)
        for action in (0, Action.UP, np.int64(1), 99):
            ale.act(action)
        ale.act(action=1, paddle_strength=0.5)
        ale.act(2, 0.5)
        for bad in (-1, 1.0, None, "UP"):
            self.assertRaisesRegex(TypeError, "incompatible function arguments", ale.act, bad)
        self.assertRaises(TypeError, ale.act)
        self.assertRaises(TypeError, ale.act, 0, strength=1.0)
        self.assertEqual((ale.getEpisodeFrameNumber(), ale.getFrameNumber()), (6, 6))

    def test_frame_skip_and_clipped_rewards(self):
        one, four = loaded(frame_skip=1, repeat_action_probability=0.0), loaded(frame_skip=4, repeat_action_probability=0.0)
        for t in range(50):
            self.assertEqual(sum(one.act(t % 6) for _ in range(4)), four.act(t % 6))
        np.testing.assert_array_equal(one.getRAM(), four.getRAM())

    def test_the_limit(self):
        ale = loaded(max_num_frames_per_episode=10)
        for _ in range(10):
            ale.act(0)
        self.assertTrue(ale.game_over() and ale.game_truncated() and ale.game_over(with_truncation=True))
        self.assertFalse(ale.game_over(with_truncation=False))

    def test_modes(self):
        ale = loaded()
        self.assertIn(0, ale.getAvailableModes())
        self.assertIn(0, ale.getAvailableDifficulties())
        self.assertRaises(RuntimeError, ale.setMode, 77)
        self.assertRaises(RuntimeError, ale.setDifficulty, 77)
        self.assertRaises(TypeError, ale.setMode, 1.0)


class Seeing(unittest.TestCase):
    def test_pictures_into_arrays_of_ones_own(self):
        ale = loaded()
        for read in (ale.getScreen, ale.getScreenRGB, ale.getScreenGrayscale, ale.getRAM):
            picture = read()
            own = np.zeros_like(picture)
            self.assertIsNone(read(own))
            np.testing.assert_array_equal(own, picture)
            for bad in (own.astype(np.int32), [1], np.zeros((*(2 * n for n in own.shape),), np.uint8)[(slice(None, None, 2),) * own.ndim]):
                self.assertRaisesRegex(TypeError, "incompatible function arguments", read, bad)
            own.flags.writeable = False
            self.assertRaises(TypeError, read, own)
            wrong = TypeError if read == ale.getRAM else RuntimeError
            self.assertRaises(wrong, read, np.zeros(3, np.uint8))
        self.assertEqual((ale.getScreenDims(), ale.getRAMSize()), ((210, 160), 128))

    def test_ram_is_written(self):
        ale = loaded()
        ale.setRAM(10, 200)
        self.assertEqual(ale.getRAM()[10], 200)
        self.assertRaises(RuntimeError, ale.setRAM, 1000, 10)
        for index, value in ((10, 1000), (-1, 0), (1, -1), (1, 1.5)):
            self.assertRaises(TypeError, ale.setRAM, index, value)

    def test_a_png(self):
        ale = loaded()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "screen.png")
            ale.saveScreenPNG(path)
            data = pathlib.Path(path).read_bytes()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual((int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")), (320, 210))
        self.assertRaises(OSError, ale.saveScreenPNG, os.path.join("no", "such", "folder.png"))


class States(unittest.TestCase):
    def test_clone_and_restore(self):
        ale = loaded(repeat_action_probability=0.5)
        for t in range(30):
            ale.act(t % 6)
        plain, whole = ale.cloneState(), ale.cloneSystemState()
        self.assertEqual(plain.getFrameNumber(), 30)
        self.assertNotEqual(plain, whole)
        first = [(ale.act(t % 6), ale.getRAM().tobytes()) for t in range(60)]
        ale.restoreState(whole)
        self.assertEqual(first, [(ale.act(t % 6), ale.getRAM().tobytes()) for t in range(60)])
        ale.restoreState(plain)
        self.assertNotEqual(first, [(ale.act(t % 6), ale.getRAM().tobytes()) for t in range(60)])
        self.assertEqual(pickle.loads(pickle.dumps(plain)), plain)
        self.assertEqual(ALEState(plain.serialize()), plain)

    def test_what_is_no_state(self):
        ale = loaded()
        state = ale.cloneState()
        for bad in (b"xx", state.serialize()[:100], state.serialize()[:-9]):
            with self.assertRaises(ValueError):
                ale.restoreState(ALEState(bad))
        self.assertRaises(ValueError, ale.restoreState, ALEState())
        self.assertRaises(TypeError, ale.restoreState, 3)
        self.assertRaises(TypeError, state.equals, 3)
        self.assertEqual(ale.cloneState(), state)


if __name__ == "__main__":
    unittest.main()
