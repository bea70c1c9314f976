// Files, environment, time, random numbers and standard input, as a C program uses them.

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int by_name(const struct dirent **left, const struct dirent **right) {
    return strcmp((*left)->d_name, (*right)->d_name);
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

int main(int argc, char **argv) {
    if (argc < 4 || chdir(argv[1]) != 0) return 1;
    printf("arguments: %s %s\n", argv[2], argv[3]);
    printf("environment: %s\n", getenv("GREETING"));

    char line[100] = "";
    if (fgets(line, sizeof line, stdin) == NULL) return 1;
    printf("input: %s", line);

    char text[100] = "";
    FILE *in = fopen("in.txt", "r");
    FILE *out = fopen("out.txt", "w");
    if (in == NULL || out == NULL || fgets(text, sizeof text, in) == NULL) return 1;
    printf("wrote: %d bytes\n", fprintf(out, "%s%s", text, text));
    fclose(in);
    fclose(out);

    if (mkdir("made", 0777) != 0 || rename("out.txt", "made/out.txt") != 0) return 1;
    struct dirent **entries;
    int count = scandir(".", &entries, visible, by_name);
    printf("names:");
    for (int index = 0; index < count; index++) printf(" %s", entries[index]->d_name);
    printf("\n");
    if (fopen("missing.txt", "r") == NULL && errno == ENOENT) printf("missing: not found\n");

    struct timespec before, after, pause = {0, 1000000};
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long passed = (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
    if (passed >= pause.tv_nsec && time(NULL) > 1700000000) printf("clock: ok\n");

    unsigned char first[16], second[16];
    if (getentropy(first, 16) == 0 && getentropy(second, 16) == 0 && memcmp(first, second, 16) != 0)
        printf("random: ok\n");
    return 3;
}
