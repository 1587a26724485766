package codec

import _ "embed" // for the dictionaries

// dictCurrent is the number of the dictionary that blocks are written with.
const dictCurrent = 1

//go:embed dict/1.bin
var dict1 []byte

// dictionary returns the dictionary with a number. A dictionary is never
// changed once a release has written with it: a better one gets the next
// number.
func dictionary(id uint32) []byte {
	switch id {
	case 1:
		return dict1
	}
	return nil
}
