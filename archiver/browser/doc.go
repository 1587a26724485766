// Package browser draws a page in a Chromium of the machine and returns how it
// looked, as a picture and as one HTML file that needs nothing else. A drawing
// shows what a reader saw; it is no evidence of what the server sent, which the
// recorded exchanges are.
//
// Pages are hostile. Each is drawn by a browser process of its own, with an
// empty profile that is removed afterwards, without the environment of this
// process. All its traffic goes through a proxy of this package to the one door
// out: names are resolved there and every address is checked, WebRTC and QUIC
// cannot go past it, and nothing is downloaded. Time, bytes, memory, the size of
// the results and the number of browsers at a time are bounded.
package browser
