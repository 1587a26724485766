// Package dailymotion knows the shape of Dailymotion: the forms of its
// addresses, its ids and the ways in which its videos are put into pages. It is
// pure: it fetches nothing. It also reads what the platform's public interface means.
package dailymotion
