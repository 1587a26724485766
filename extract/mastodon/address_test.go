package mastodon

import "testing"

func TestObjectAddress(t *testing.T) {
	for address, want := range map[string][2]string{
		"https://harbour.example/@ada/" + sampleID + "/embed":     {sampleAddress, "ada"},
		"https://harbour.example/users/ada/statuses/" + sampleID:  {sampleAddress, "ada"},
		"https://akkoma.example/notice/9n2ciuz1wdesFnrGJU":        {"https://akkoma.example/notice/9n2ciuz1wdesFnrGJU", ""},
		"https://akkoma.example/objects/5ad1ee4d":                 {"https://akkoma.example/objects/5ad1ee4d", ""},
		"https://harbour.example/ap/users/7/statuses/" + sampleID: {"https://harbour.example/ap/users/7/statuses/" + sampleID, ""},
		"https://harbour.example/@bo@quay.example/" + sampleID:    {},
		"https://harbour.example/web/statuses/" + sampleID:        {},
		"https://harbour.example/api/v1/statuses/" + sampleID:     {},
		"https://harbour.example/":                                {},
		"javascript:alert(1)":                                     {},
		"":                                                        {},
	} {
		got, name, ok := ObjectAddress(address)
		if got != want[0] || name != want[1] || ok != (got != "") {
			t.Errorf("%s: %q, %q, %v", address, got, name, ok)
		}
	}
}
