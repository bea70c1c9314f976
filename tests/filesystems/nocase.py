"""A FUSE file system for tests: shows ROOT at MOUNTPOINT, ignores case, and knows no flags of renameat2.

usage: nocase.py ROOT MOUNTPOINT. Mounts by itself, without libfuse: in a user namespace no other program may. Says
`ready` once it is mounted, and ends when it is unmounted or its namespace ends.
"""

import ctypes
import errno
import itertools
import os
import stat
import struct
import sys

ROOT, MOUNTPOINT = sys.argv[1:3]
VALID_SIZE, VALID_ATIME, VALID_MTIME, VALID_ATIME_NOW, VALID_MTIME_NOW = 8, 16, 32, 128, 256
VALID_MODE, GETATTR_FH = 1, 1

paths = {1: ROOT}
# The kernel's number of each file that it knows. A file's own number is given to another one once it is removed, and
# the kernel would take that one for the first.
nodes = {}
numbers = itertools.count(2)
listings = {}


def real(folder, name):
    """The entry of a folder that a name stands for: itself, or the first one in another case."""
    name = os.fsdecode(name)
    path = os.path.join(folder, name)
    if not os.path.lexists(path):
        for other in os.listdir(folder):
            if other.lower() == name.lower():
                return os.path.join(folder, other)
    return path


def attributes(found):
    def parts(ns):
        return divmod(ns, 10**9)

    (a, an), (m, mn), (c, cn) = parts(found.st_atime_ns), parts(found.st_mtime_ns), parts(found.st_ctime_ns)
    times = struct.pack("<qqqIII", a, m, c, an, mn, cn)
    head = struct.pack("<QQQ", found.st_ino, found.st_size, found.st_blocks)
    owner = struct.pack("<IIIIIII", found.st_mode, found.st_nlink, found.st_uid, found.st_gid, 0, 4096, 0)
    return head + times + owner


def entry(path):
    found = os.lstat(path)
    node = 1 if path == ROOT else nodes.get(found.st_ino) or next(numbers)
    nodes[found.st_ino] = node
    paths[node] = path
    # Nothing is kept by the kernel, so that every look asks here.
    return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + attributes(found)


def attr(found):
    return struct.pack("<QII", 0, 0, 0) + attributes(found)


def removed(found):
    """Forgets the number of a file that has no other name."""
    if stat.S_ISDIR(found.st_mode) or found.st_nlink == 1:
        nodes.pop(found.st_ino, None)


def names(data):
    return data.split(b"\0")


def init(_node, data):
    major, _minor, readahead, _flags = struct.unpack_from("<IIII", data)
    return struct.pack("<IIIIHHIIHHI28x", major, 31, readahead, 0, 16, 12, 1 << 17, 1, 0, 0, 0)


def getattr_(node, data):
    flags, _, handle = struct.unpack_from("<IIQ", data)
    return attr(os.fstat(handle) if flags & GETATTR_FH else os.lstat(paths[node]))


def setattr_(node, data):
    valid, _, _, size, _, a, m, _, an, mn, _, mode = struct.unpack_from("<IIQQQQQQIIII", data)
    path = paths[node]
    if valid & VALID_SIZE:
        os.truncate(path, size)
    if valid & VALID_MODE:
        os.chmod(path, stat.S_IMODE(mode))
    if valid & (VALID_ATIME | VALID_MTIME):
        found = os.lstat(path)
        accessed = a * 10**9 + an if valid & VALID_ATIME else found.st_atime_ns
        modified = m * 10**9 + mn if valid & VALID_MTIME else found.st_mtime_ns
        if valid & (VALID_ATIME_NOW | VALID_MTIME_NOW):
            os.utime(path, follow_symlinks=False)
        else:
            os.utime(path, ns=(accessed, modified), follow_symlinks=False)
    return attr(os.lstat(path))


def lookup(node, data):
    return entry(real(paths[node], names(data)[0]))


def symlink(node, data):
    name, target = names(data)[:2]
    path = real(paths[node], name)
    os.symlink(target, path)
    return entry(path)


def mkdir(node, data):
    path = real(paths[node], names(data[8:])[0])
    os.mkdir(path, struct.unpack_from("<I", data)[0] & 0o777)
    return entry(path)


def unlink(node, data):
    path = real(paths[node], names(data)[0])
    found = os.lstat(path)
    os.unlink(path)
    removed(found)


def rmdir(node, data):
    path = real(paths[node], names(data)[0])
    found = os.lstat(path)
    os.rmdir(path)
    removed(found)


def rename(node, data):
    folder = paths[struct.unpack_from("<Q", data)[0]]
    old, new = names(data[8:])[:2]
    old, new = real(paths[node], old), real(folder, new)
    replaced = os.lstat(new) if os.path.lexists(new) else None
    os.rename(old, new)
    if replaced and not os.path.samestat(replaced, os.lstat(new)):
        removed(replaced)
    for known, path in paths.items():
        if path == old or path.startswith(old + "/"):
            paths[known] = new + path[len(old):]


def link(node, data):
    path = real(paths[node], names(data[8:])[0])
    os.link(paths[struct.unpack_from("<Q", data)[0]], path, follow_symlinks=False)
    return entry(path)


def opened(handle):
    return struct.pack("<QII", handle, 0, 0)


def open_(node, data):
    flags = struct.unpack_from("<I", data)[0]
    return opened(os.open(paths[node], flags & ~(os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL)))


def create(node, data):
    flags, mode = struct.unpack_from("<II", data)
    path = real(paths[node], names(data[16:])[0])
    handle = os.open(path, flags | os.O_CREAT, mode & 0o777)
    return entry(path) + opened(handle)


def read(_node, data):
    handle, offset, size = struct.unpack_from("<QQI", data)
    return os.pread(handle, size, offset)


def write(_node, data):
    handle, offset, size = struct.unpack_from("<QQI", data)
    return struct.pack("<II", os.pwrite(handle, data[40:40 + size], offset), 0)


def release(_node, data):
    os.close(struct.unpack_from("<Q", data)[0])


def statfs(_node, _data):
    found = os.statvfs(ROOT)
    head = struct.pack("<QQQQQ", found.f_blocks, found.f_bfree, found.f_bavail, found.f_files, found.f_ffree)
    return head + struct.pack("<IIII24x", found.f_bsize, found.f_namemax, found.f_frsize, 0)


def opendir(node, _data):
    handle = max(listings, default=0) + 1
    listings[handle] = [(entry.name, entry.inode(), os.lstat(entry.path).st_mode) for entry in os.scandir(paths[node])]
    return opened(handle)


def readdir(_node, data):
    handle, offset, size = struct.unpack_from("<QQI", data)
    answer = b""
    for place, (name, inode, mode) in enumerate(listings[handle][offset:], offset + 1):
        name = os.fsencode(name)
        one = struct.pack("<QQII", inode, place, len(name), stat.S_IFMT(mode) >> 12) + name
        one += bytes(-len(one) % 8)
        if len(answer) + len(one) > size:
            break
        answer += one
    return answer


def releasedir(_node, data):
    listings.pop(struct.unpack_from("<Q", data)[0], None)


def nothing(_node, _data):
    return b""


CALLS = {
    1: lookup, 3: getattr_, 4: setattr_, 5: lambda node, _: os.fsencode(os.readlink(paths[node])), 6: symlink,
    9: mkdir, 10: unlink, 11: rmdir, 12: rename, 13: link, 14: open_, 15: read, 16: write, 17: statfs, 18: release,
    20: nothing, 25: nothing, 26: init, 27: opendir, 28: readdir, 29: releasedir, 30: nothing, 35: create,
}
SILENT = {2, 36, 42}


def serve(device):
    while True:
        try:
            request = os.read(device, 1 << 18)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return
            if error.errno in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
                continue
            raise
        _, operation, unique, node = struct.unpack_from("<IIQQ", request)
        if operation in SILENT:
            continue
        call = CALLS.get(operation)
        failed, answer = 0, b""
        try:
            if call is None:
                failed = errno.ENOSYS
            else:
                answer = call(node, request[40:]) or b""
        except OSError as error:
            failed = error.errno
        except KeyError:
            failed = errno.ESTALE
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(answer), -failed, unique) + answer)
        except OSError as error:
            # The kernel gave the request up.
            if error.errno != errno.ENOENT:
                raise


def main():
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,default_permissions"
    mount = ctypes.CDLL(None, use_errno=True).mount
    if mount(b"nocase", os.fsencode(MOUNTPOINT), b"fuse.nocase", 0, options.encode()) != 0:
        sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    print("ready", flush=True)
    serve(device)


main()
