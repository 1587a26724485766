package storetest

import "os"

// Thorough reports whether a test that draws some of what it could do, kills,
// faults, moments, is to do all of it: with STET_CI=1 in the environment. Under
// the race detector, which takes many times as long and shows no more of that,
// it draws.
func Thorough() bool { return os.Getenv("STET_CI") == "1" && !raceDetector }
