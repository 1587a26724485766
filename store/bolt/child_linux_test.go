package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

func children() map[string]func(ctx context.Context, dir string) error {
	return map[string]func(context.Context, string) error{
		"append": appendForEver, "size limit": reachSizeLimit, "full disk": fillDisk, "failing sync": loseSyncs, "nobody": readAsNobody,
		"little address space": openInLittleSpace, "keep": keepAll, "migrate": migrateLater, "compact": remakeHere, "rebuild": remakeHere,
		"backup": remakeHere, "restore": remakeHere, "restore open": remakeHere, "compact open": compactOpen,
	}
}

// fail returns an error where err is not of the class.
func fail(what string, err, class error) error {
	if !errors.Is(err, class) {
		return fmt.Errorf("%s: got %w, want: %w", what, err, class)
	}
	return nil
}

// sound errors where a check finds something.
func sound(ctx context.Context, s *bolt.Store) error {
	var errs []error
	_, err := s.Check(ctx, func(p store.Problem) { errs = append(errs, fmt.Errorf("%s %s: %s", p.Thing, p.Name, p.What)) })
	return errors.Join(append(errs, err)...)
}

// appendUntilFull appends until that fails, which must be because no space is
// left, and looks that the archive is whole and can be read.
func appendUntilFull(ctx context.Context, s *bolt.Store, a *store.Archive) (last uint64, err error) {
	for n := 0; ; n++ {
		b := a.Begin()
		if _, err := b.Add(ctx, &store.Exchange{Started: a.Now(), Method: "GET", URL: "https://example.com", Body: noiseBody(n)}); err != nil {
			return last, err
		}
		r, err := b.Commit(ctx)
		if err == nil {
			last = r.Last
			continue
		}
		if err := fail("appending", err, store.ErrFull); err != nil {
			return last, err
		}
		break
	}
	if head, err := s.Head(ctx); err != nil || head != last || last < 3 {
		return last, fmt.Errorf("the head is %d, acknowledged was %d: %w", head, last, err)
	}
	if _, err := s.Read(ctx, 0, 0); err != nil {
		return last, fmt.Errorf("reading a full archive: %w", err)
	}
	return last, sound(ctx, s)
}

func noiseBody(n int) store.Body {
	b := make([]byte, 40_000)
	if _, err := (&seeded{source: seedOf(uint64(n))}).Read(b); err != nil {
		panic(err) // it never errors
	}
	return store.Body{Size: int64(len(b)), Digest: store.DigestOf(b), Inline: b}
}

// reachSizeLimit appends until the file may not grow any more, then goes on
// where it may.
func reachSizeLimit(ctx context.Context, dir string) error {
	s, err := bolt.Open(ctx, dir, bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	a := archive(s, time.Now)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4<<20 + 12345, Max: old.Max}); err != nil {
		return err
	}
	last, err := appendUntilFull(ctx, s, a)
	if err != nil {
		return err
	}
	if _, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat("too much ", 1<<20)), 0); err != nil {
		if err := fail("storing a blob", err, store.ErrFull); err != nil {
			return err
		}
	} else {
		return errors.New("a blob larger than the limit was taken")
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	return goOn(ctx, s, a, last)
}

// goOn appends once more, closes the archive, and looks that all is there when
// it is opened again.
func goOn(ctx context.Context, s *bolt.Store, a *store.Archive, last uint64) error {
	r, _, err := appendOne(ctx, a, 1)
	if err != nil || r.First != last+1 {
		return fmt.Errorf("with space again, a batch got the number %d after %d: %w", r.First, last, err)
	}
	if err := errors.Join(sound(ctx, s), s.Close()); err != nil {
		return err
	}
	s, err = bolt.Open(ctx, s.Dir(), bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	if head, err := s.Head(ctx); err != nil || head != r.Last {
		return fmt.Errorf("opened again, the head is %d, not %d: %w", head, r.Last, err)
	}
	return errors.Join(sound(ctx, s), s.Close())
}

func TestSizeLimit(t *testing.T) { runChild(t, "size limit", t.TempDir()) }

// fillDisk fills a small file system of its own.
func fillDisk(ctx context.Context, dir string) error {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		return fmt.Errorf("mounting a small disk: %w", err)
	}
	s, err := bolt.Open(ctx, dir, bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	a := archive(s, time.Now)
	last, err := appendUntilFull(ctx, s, a)
	if err != nil {
		return err
	}
	if _, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat("too much ", 1<<20)), 0); !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("storing a blob: got %w, want: no space left", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=20m"); err != nil {
		return fmt.Errorf("making the disk larger: %w", err)
	}
	return goOn(ctx, s, a, last)
}

func TestFullDisk(t *testing.T) {
	cmd := child(t, "full disk", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.CombinedOutput()
	if err != nil && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), "mounting a small disk")) {
		t.Skipf("this machine lets nobody mount a small disk: %v %s", err, out) // TestSizeLimit always runs
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// breakSyncs makes every sync of this process fail from now on, as a dying
// disk does.
func breakSyncs() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const eio = unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 2, K: unix.SYS_FDATASYNC},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: unix.SYS_FSYNC},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: eio},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}

const noSeccomp = "system calls cannot be made to fail"

// loseSyncs appends, then again where no sync succeeds.
func loseSyncs(ctx context.Context, dir string) error {
	s, err := bolt.Open(ctx, dir, bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	a := archive(s, time.Now)
	before, id, err := appendOne(ctx, a, 1)
	if err != nil {
		return err
	}
	if err := breakSyncs(); err != nil {
		return fmt.Errorf("%s: %w", noSeccomp, err)
	}
	for what, do := range map[string]func() error{
		"appending": func() error { _, _, err := appendOne(ctx, a, 2); return err },
		"a large blob": func() error {
			_, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat("film ", 1<<16)), 0)
			return err
		},
		"moving on": func() error { return s.SetCursor(ctx, "search", 0, 1) },
		"leasing": func() error {
			_, err := s.Lease(ctx, store.LeaseRequest{Owner: "w", Now: time.Now(), For: time.Minute})
			return err
		},
		"an empty batch": func() error { _, err := s.Append(ctx, store.Batch{}); return err },
	} {
		for range 2 {
			if what == "an empty batch" && s.Writable() == nil {
				continue // nothing is poisoned yet, and there is nothing to sync
			}
			if err := fail(what, do(), store.ErrPoisoned); err != nil {
				return err
			}
		}
	}
	head, err := s.Head(ctx)
	if err != nil || head != before.Last {
		return fmt.Errorf("the head is %d, acknowledged was %d: %w", head, before.Last, err)
	}
	if _, err := s.Get(ctx, id); err != nil && !errors.Is(err, store.ErrPoisoned) {
		return fmt.Errorf("reading what was acknowledged: %w", err)
	}
	return s.Close()
}

func TestFailingSync(t *testing.T) {
	dir := t.TempDir()
	out, err := child(t, "failing sync", dir).CombinedOutput()
	storetest.Need(t, !strings.Contains(string(out), noSeccomp), "seccomp, to make system calls fail: "+string(out))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := open(t, dir, bolt.Options{})
	a := archive(s, time.Now)
	wantSound(t, s)
	head, err := s.Head(t.Context())
	must(t, err)
	if head < 3 {
		t.Errorf("what was acknowledged is gone: the head is %d", head)
	}
	b := a.Begin()
	_, err = b.Add(t.Context(), look(time.Now(), 9))
	must(t, err)
	if r, err := b.Commit(t.Context()); err != nil || r.First != head+1 {
		t.Errorf("opened again, a batch gets the number %d after %d: %v", r.First, head, err)
	}
}

// readAsNobody opens an archive that belongs to somebody else.
func readAsNobody(ctx context.Context, dir string) error {
	if os.Getuid() == 0 {
		if err := syscall.Setgid(65534); err != nil {
			return err
		}
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	_, err := bolt.Open(ctx, dir, bolt.Options{AllowNetworkFS: true})
	if err := fail("opening for writing", err, store.ErrReadOnly); err != nil {
		return err
	}
	if !strings.Contains(err.Error(), dir) {
		return fmt.Errorf("the error does not name the folder: %w", err)
	}
	_, err = bolt.Open(ctx, dir+"/new", bolt.Options{AllowNetworkFS: true})
	if err := fail("making an archive", err, store.ErrReadOnly); err != nil {
		return err
	}
	s, err := bolt.Open(ctx, dir, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	if _, err := dump(ctx, s); err != nil {
		return err
	}
	return errors.Join(sound(ctx, s), s.Close())
}

func TestReadOnlyFolder(t *testing.T) {
	dir, err := os.MkdirTemp("", "stet-read-only-") // a folder that everybody can reach
	must(t, err)
	t.Cleanup(func() {
		must(t, os.Chmod(dir, 0o700))
		must(t, os.RemoveAll(dir))
	})
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	s := mustOpen(t, dir, bolt.Options{Now: clock.Now})
	fill(t, s, clock)
	mustClose(t, s)
	makeReadable(t, dir)
	runChild(t, "nobody", dir)
}

// openInLittleSpace opens an archive where 64 GiB cannot be mapped.
func openInLittleSpace(ctx context.Context, dir string) error {
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 8 << 30, Max: 8 << 30}); err != nil {
		return err
	}
	s, err := bolt.Open(ctx, dir, bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	a := archive(s, time.Now)
	for n := range 200 { // enough for the mapping to grow several times
		if _, _, err := appendOne(ctx, a, n); err != nil {
			return err
		}
	}
	return errors.Join(sound(ctx, s), s.Close())
}

func TestLittleAddressSpace(t *testing.T) { runChild(t, "little address space", t.TempDir()) }
