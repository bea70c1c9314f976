// Files, environment, time, random numbers and standard input, as a Go program uses them. The standard library's HTTP
// client needs sockets, which no tool has; importing it does no harm.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

func main() {
	folder := os.Args[1]
	fmt.Println("arguments:", os.Args[2], os.Args[3])
	fmt.Println("environment:", os.Getenv("GREETING"))

	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	check(err)
	fmt.Print("input: ", line)

	text, err := os.ReadFile(filepath.Join(folder, "in.txt"))
	check(err)
	twice := bytes.Repeat(text, 2)
	check(os.WriteFile(filepath.Join(folder, "out.txt"), twice, 0o644))
	fmt.Println("wrote:", len(twice), "bytes")

	check(os.Mkdir(filepath.Join(folder, "made"), 0o755))
	check(os.Rename(filepath.Join(folder, "out.txt"), filepath.Join(folder, "made", "out.txt")))
	entries, err := os.ReadDir(folder)
	check(err)
	fmt.Print("names:")
	for _, entry := range entries {
		fmt.Print(" ", entry.Name())
	}
	fmt.Println()
	if _, err := os.Stat(filepath.Join(folder, "missing.txt")); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("missing: not found")
	}

	before := time.Now()
	time.Sleep(time.Millisecond)
	if time.Since(before) >= time.Millisecond && before.Year() > 2023 {
		fmt.Println("clock: ok")
	}

	first, second := make([]byte, 16), make([]byte, 16)
	rand.Read(first)
	rand.Read(second)
	if !bytes.Equal(first, second) {
		fmt.Println("random: ok")
	}

	// A heap of many megabytes.
	pieces := make([][]byte, 64)
	for index := range pieces {
		pieces[index] = bytes.Repeat([]byte{byte(index)}, 1<<20)
	}
	if _, err := http.Get("http://127.0.0.1:1/"); err == nil || pieces[63][0] != 63 {
		os.Exit(1)
	}
	os.Exit(3)
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
