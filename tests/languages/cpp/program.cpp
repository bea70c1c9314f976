// Files, environment, time, random numbers and standard input, as a C++ program uses them. Zig's C++ library for WASI
// has no `fstream`, no `filesystem` and no exceptions: files are C functions.

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

int main(int argc, char **argv) {
    if (argc < 4) return 1;
    const std::string folder = std::string(argv[1]) + '/';
    std::cout << "arguments: " << argv[2] << ' ' << argv[3] << '\n';
    std::cout << "environment: " << std::getenv("GREETING") << '\n';

    std::string line;
    std::getline(std::cin, line);
    std::cout << "input: " << line << '\n';

    std::array<char, 100> text{};
    std::FILE *in = std::fopen((folder + "in.txt").c_str(), "r");
    std::FILE *out = std::fopen((folder + "out.txt").c_str(), "w");
    if (in == nullptr || out == nullptr || std::fgets(text.data(), text.size(), in) == nullptr) return 1;
    std::fclose(in);
    std::cout << "wrote: " << std::fprintf(out, "%s%s", text.data(), text.data()) << " bytes\n";
    std::fclose(out);

    mkdir((folder + "made").c_str(), 0777);
    std::rename((folder + "out.txt").c_str(), (folder + "made/out.txt").c_str());
    std::vector<std::string> names;
    DIR *entries = opendir(folder.c_str());
    while (const dirent *entry = readdir(entries))
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    closedir(entries);
    std::sort(names.begin(), names.end());
    std::cout << "names:";
    for (const auto &name : names) std::cout << ' ' << name;
    std::cout << '\n';
    struct stat found;
    if (stat((folder + "missing.txt").c_str(), &found) != 0 && errno == ENOENT) std::cout << "missing: not found\n";

    const auto before = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - before < std::chrono::milliseconds(1)) {}
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    if (now > std::chrono::hours(24 * 365 * 50)) std::cout << "clock: ok\n";

    std::random_device random;
    if (random() != random() || random() != random()) std::cout << "random: ok\n";
    return 3;
}
