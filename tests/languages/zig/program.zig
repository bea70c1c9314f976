//! Files, environment, time, random numbers and standard input, as a Zig program uses them.

const std = @import("std");
const Io = std.Io;

pub fn main(init: std.process.Init) !u8 {
    const arena = init.arena.allocator();
    const io = init.io;
    const args = try init.minimal.args.toSlice(arena);

    var out_buffer: [1024]u8 = undefined;
    var out_writer: Io.File.Writer = .init(.stdout(), io, &out_buffer);
    const out = &out_writer.interface;
    try out.print("arguments: {s} {s}\n", .{ args[2], args[3] });
    try out.print("environment: {s}\n", .{init.environ_map.get("GREETING").?});

    var in_buffer: [1024]u8 = undefined;
    var in_reader = Io.File.stdin().reader(io, &in_buffer);
    try out.print("input: {s}\n", .{try in_reader.interface.takeDelimiterExclusive('\n')});

    // On WASI the working directory is the first folder that is granted; others have names.
    const folder = init.preopens.get(args[1]).?.dir;
    const text = try folder.readFileAlloc(io, "in.txt", arena, .limited(1024));
    const twice = try std.mem.concat(arena, u8, &.{ text, text });
    try folder.writeFile(io, .{ .sub_path = "out.txt", .data = twice });
    try out.print("wrote: {d} bytes\n", .{twice.len});

    try folder.createDir(io, "made", .default_dir);
    try folder.rename("out.txt", folder, "made/out.txt", io);
    var names: std.ArrayList([]const u8) = .empty;
    var entries = folder.iterate();
    while (try entries.next(io)) |entry| try names.append(arena, try arena.dupe(u8, entry.name));
    std.mem.sort([]const u8, names.items, {}, before);
    try out.print("names: {s}\n", .{try std.mem.join(arena, " ", names.items)});
    _ = folder.statFile(io, "missing.txt", .{}) catch |err| {
        if (err == error.FileNotFound) try out.print("missing: not found\n", .{});
    };

    const start = Io.Clock.awake.now(io);
    try io.sleep(.fromMilliseconds(1), .awake);
    const passed = start.durationTo(Io.Clock.awake.now(io));
    const year_2024 = 1_704_067_200;
    if (passed.nanoseconds >= std.time.ns_per_ms and Io.Clock.real.now(io).toSeconds() > year_2024) {
        try out.print("clock: ok\n", .{});
    }

    var first: [16]u8 = undefined;
    var second: [16]u8 = undefined;
    try io.randomSecure(&first);
    try io.randomSecure(&second);
    if (!std.mem.eql(u8, &first, &second)) try out.print("random: ok\n", .{});
    try out.flush();
    return 3;
}

fn before(_: void, left: []const u8, right: []const u8) bool {
    return std.mem.lessThan(u8, left, right);
}
