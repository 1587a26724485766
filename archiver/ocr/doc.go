// Package ocr reads the words of a picture with Tesseract, a program of its own
// that the operator installs: it is run without network and with bounds of time
// and of what it may say. What it reads is a guess, and said to be one.
package ocr
