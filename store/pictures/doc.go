// Package pictures finds kept pictures by what they look like: a perceptual hash
// of each, in a bbolt file of its own, which follows the journal and can be
// thrown away at any time.
//
// Two hashes are compared: one of the coarse pattern of brightness (its cosine
// transform), one of where it gets brighter from left to right. Scaled,
// recompressed and slightly retouched copies are near. Of a kept picture its
// crops are looked at too, and of one that is looked up its parts and its image
// in a mirror: copies that were cropped at a side or all around, framed or turned
// into their mirror image are found. Cropped at a corner by more than a fifth
// most are not, and none that were turned.
//
// Kept pictures are hostile: their size is read before they are decoded, what is
// too large is not, and a decoder that panics leaves a file that could not be
// read.
package pictures
