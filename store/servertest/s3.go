package servertest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"stet/store/storetest"
)

// Storage is a server that speaks S3, of the test process alone.
type Storage struct {
	// Endpoint is its address; AccessKey and SecretKey are the credentials.
	Endpoint  string
	AccessKey string
	SecretKey string

	port int
	dir  string
	p    *process
	n    int
	mu   sync.Mutex
}

// gateway returns the path of versitygw, "" where it is not installed.
func gateway() string {
	if path := os.Getenv("STET_VERSITYGW"); path != "" {
		return path
	}
	if path, err := exec.LookPath("versitygw"); err == nil {
		return path
	}
	return ""
}

var theStorage = sync.OnceValues(startStorage)

// S3 returns the storage that all tests of the process share, which the first
// caller starts.
func S3(t testing.TB) *Storage {
	t.Helper()
	needStorage(t)
	s, err := theStorage()
	if err != nil {
		t.Fatalf("starting the storage: %v", err)
	}
	return s
}

func needStorage(t testing.TB) {
	t.Helper()
	storetest.Need(t, gateway() != "", "versitygw, a storage that speaks S3 (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)")
}

// NewS3 starts a storage for one test, which may stop it and start it again.
func NewS3(t testing.TB) *Storage {
	t.Helper()
	needStorage(t)
	s, err := startStorage()
	if err != nil {
		t.Fatalf("starting the storage: %v", err)
	}
	return s
}

func startStorage() (*Storage, error) {
	dir, err := os.MkdirTemp("", "stets3")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Storage{Endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), AccessKey: "stet", SecretKey: "a-secret-of-the-tests", port: port, dir: dir}
	return s, s.Start()
}

// Start starts the server, again after Stop, and waits until it answers.
func (s *Storage) Start() error {
	cmd := exec.Command(gateway(), "--access", s.AccessKey, "--secret", s.SecretKey, "--quiet", "--port", "127.0.0.1:"+strconv.Itoa(s.port), "posix", s.dir)
	cmd.Dir = s.dir
	p, err := startProcess(cmd, s.dir)
	if err != nil {
		return err
	}
	s.p = p
	keep(p)
	return p.wait(func() error {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(s.port), time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Stop ends the server: nobody answers until Start.
func (s *Storage) Stop() error { return s.p.stop(os.Kill) }

// Bucket makes an empty bucket and returns its name.
func (s *Storage) Bucket(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	name := fmt.Sprintf("archive-%d", s.n)
	if err := os.Mkdir(filepath.Join(s.dir, name), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	return name
}

// Object is the path of the file that an object is kept in, for tests that
// damage it.
func (s *Storage) Object(bucket, key string) string {
	return filepath.Join(s.dir, bucket, filepath.FromSlash(key))
}
