package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stet/store"
)

// update writes testdata of the present version where there is none: what a
// version wrote once is never written again.
var update = flag.Bool("update", false, "write missing testdata")

// TestDictionariesNeverChange pins every dictionary that was ever released.
func TestDictionariesNeverChange(t *testing.T) {
	for id, want := range map[uint32]string{
		1: "sha256:7ec508f112a0c0353a19eeb153a4e7cda81e316e1ba93fc70d4a729b23d9fef2",
	} {
		if got := store.DigestOf(dictionary(id)).String(); got != want {
			t.Errorf("dictionary %d has the digest %s, it was released with %s: blocks that were written with it cannot be read", id, got, want)
		}
	}
	if dictionary(dictCurrent) == nil || dictionary(dictCurrent+1) != nil || dictionary(dictNone) != nil {
		t.Error("the dictionaries do not end with the current one")
	}
}

// TestOldBlocks reads what earlier versions wrote.
func TestOldBlocks(t *testing.T) {
	c := newCodec(t)
	for version := 1; version <= Version; version++ {
		path := filepath.Join("testdata", fmt.Sprintf("v%d.txt", version))
		if _, err := os.Stat(path); *update && version == Version && os.IsNotExist(err) {
			writeGolden(t, c, path)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var name, block, leaves string
			if _, err := fmt.Sscan(line, &name, &block, &leaves); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			sealed, err := hex.DecodeString(block)
			if err != nil {
				t.Fatal(err)
			}
			records, err := c.Decode(sealed, 7)
			if err != nil {
				t.Errorf("version %d, %s: %v", version, name, err)
			}
			if holds, err := c.Holds(sealed, 7, []byte(store.SaysPrivate)); holds || err != nil {
				t.Errorf("version %d, %s: it says that it is private: %v, %v", version, name, holds, err)
			}
			var got []string
			for i := range records {
				got = append(got, records[i].Leaf().String())
			}
			if g := strings.Join(got, ","); g != leaves {
				t.Errorf("version %d, %s: the records have the leaves %s, want %s", version, name, g, leaves)
			}
		}
	}
}

// TestMarks: that a block holds something private is known without decompressing
// it, and of an older block found out.
func TestMarks(t *testing.T) {
	c := newCodec(t)
	records := story(t)
	records[1] = record(t, 1, &store.Capture{Time: day(), Kind: store.CapturePost, Private: true})
	blocks, err := c.Encode(records)
	if err != nil || len(blocks) != 1 {
		t.Fatal(len(blocks), err)
	}
	b := blocks[0].Seal(7)
	h, err := open(b, 7, true)
	if err != nil {
		t.Fatal(err)
	}
	mark := len(b) - len(h.rest) - len(binary.AppendUvarint(nil, uint64(h.raw))) - 1
	old := reseal(append(append([]byte{1}, b[1:mark]...), b[mark+1:]...), 7)
	for version, block := range map[int][]byte{1: old, 2: b} {
		if holds, err := c.Holds(block, 7, []byte(store.SaysPrivate)); !holds || err != nil {
			t.Errorf("version %d: it holds something private: %v, %v", version, holds, err)
		}
		if got, err := c.Decode(block, 7); err != nil || len(got) != len(records) {
			t.Errorf("version %d: %d records, %v", version, len(got), err)
		}
	}
}

func writeGolden(t *testing.T, c *Codec, path string) {
	t.Helper()
	all := strange(t)
	all["a-capture"] = story(t)
	var out bytes.Buffer
	for name, records := range all {
		blocks, err := c.Encode(records)
		if err != nil {
			t.Fatal(err)
		}
		if len(blocks) != 1 || blocks[0].Size() > 4000 {
			continue
		}
		var leaves []string
		for i := range records {
			leaves = append(leaves, records[i].Leaf().String())
		}
		fmt.Fprintf(&out, "%s %x %s\n", strings.ReplaceAll(name, " ", "-"), blocks[0].Seal(7), strings.Join(leaves, ","))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
