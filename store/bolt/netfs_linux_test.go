package bolt

import "testing"

func TestNetworkTypes(t *testing.T) {
	for magic, want := range map[uint32]string{0xEF53: "", 0x58465342: "", 0x9123683E: "", 0x01021994: "", 0x2FC12FC1: "", 0x794C7630: "",
		0x6969: "NFS", 0xFE534D42: "SMB", 0x65735546: "FUSE", 0x01021997: "9P"} {
		if got := networkType(magic); got != want {
			t.Errorf("%#x: got %q, want %q", magic, got, want)
		}
	}
}
