"""BLAKE3 in its plain form: no key, 32 bytes out. Written for reading, not for speed."""

from __future__ import annotations

_IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_COLUMNS_AND_DIAGONALS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip
_ROUNDS = 7
_BLOCK, _CHUNK = 64, 1024
_CHUNK_START, _CHUNK_END, _PARENT, _ROOT = 1, 2, 4, 8
_MASK = 0xFFFFFFFF


def _schedule() -> list[tuple[int, int, int, int, int, int]]:
    """Every mixing step of a compression: four places in the state, two words of the block."""
    steps, words = [], list(range(16))
    for _ in range(_ROUNDS):
        for index, places in enumerate(_COLUMNS_AND_DIAGONALS):
            steps.append((*places, words[2 * index], words[2 * index + 1]))
        words = [words[place] for place in _PERMUTATION]
    return steps


_STEPS = _schedule()


def _compress(chaining: tuple[int, ...], block: bytes, counter: int, length: int, flags: int) -> tuple[int, ...]:
    """One block into a chaining value: the first half of the compression function's output."""
    block = block.ljust(_BLOCK, b"\0")
    words = [int.from_bytes(block[at : at + 4], "little") for at in range(0, _BLOCK, 4)]
    v = [*chaining, *_IV[:4], counter & _MASK, counter >> 32, length, flags]
    for a, b, c, d, x, y in _STEPS:
        va = (v[a] + v[b] + words[x]) & _MASK
        vd = v[d] ^ va
        vd = vd >> 16 | (vd & 0xFFFF) << 16
        vc = (v[c] + vd) & _MASK
        vb = v[b] ^ vc
        vb = vb >> 12 | (vb & 0xFFF) << 20
        v[a] = va = (va + vb + words[y]) & _MASK
        vd ^= va
        v[d] = vd = vd >> 8 | (vd & 0xFF) << 24
        v[c] = vc = (vc + vd) & _MASK
        vb ^= vc
        v[b] = vb >> 7 | (vb & 0x7F) << 25
    return tuple(v[word] ^ v[word + 8] for word in range(8))


def _chunk(data: bytes, number: int, root: int) -> tuple[int, ...]:
    chaining: tuple[int, ...] = _IV
    last = max(0, (len(data) - 1) // _BLOCK)
    for index in range(last + 1):
        block = data[index * _BLOCK : (index + 1) * _BLOCK]
        flags = (_CHUNK_START if index == 0 else 0) | ((_CHUNK_END | root) if index == last else 0)
        chaining = _compress(chaining, block, number, len(block), flags)
    return chaining


def _tree(data: memoryview, number: int, root: int) -> tuple[int, ...]:
    """The chaining value of `data`, whose first chunk has this number."""
    if len(data) <= _CHUNK:
        return _chunk(bytes(data), number, root)
    chunks = (len(data) + _CHUNK - 1) // _CHUNK
    left = 1 << (chunks - 1).bit_length() - 1  # The left part: the largest power of two that leaves something.
    parts = _tree(data[: left * _CHUNK], number, 0), _tree(data[left * _CHUNK :], number + left, 0)
    block = b"".join(word.to_bytes(4, "little") for part in parts for word in part)
    return _compress(_IV, block, 0, _BLOCK, _PARENT | root)


def blake3(data: bytes) -> bytes:
    """The digest of `data`."""
    return b"".join(word.to_bytes(4, "little") for word in _tree(memoryview(data), 0, _ROOT))
