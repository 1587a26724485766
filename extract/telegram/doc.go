// Package telegram knows the shape of Telegram's public channels: the forms
// of their addresses, their ids (channel/number) and the ways in which their
// posts are put into pages. It is pure: it fetches nothing.
package telegram
