// Package notify tells people about events: by webhook, by Slack-compatible
// incoming webhook, and by mail.
//
// A [Notifier] has [Target]s. Each follows the journal from a cursor of its
// own, so that it catches up by itself after a crash, and none waits for
// another. What happens within a short time is collected into one message, so
// that the suspension of an account with hundreds of posts is one message and
// not hundreds.
//
// # What is told
//
// By default everything of [DefaultEvents], and only what is confirmed.
// Suspicions are told to targets that name [archiver.EventSuspected] among
// their Events, and are headed "unconfirmed". That a post can be seen again is
// told only to those who were told of its loss.
//
// The words of a post leave the archive only where Target.IncludeText is set.
// Articles that are private (fetched with credentials, read from a file) are
// counted but neither named nor linked, and of posts that only they mention
// nothing but the platform's name and the id is told, unless
// Target.IncludePrivate is set.
//
// # At least once
//
// A target's cursor moves after its message was taken, so a message can arrive
// twice when the process is killed in between; it is never lost. How far a
// message reaches in the journal is kept before it is sent, so that the second
// one is the same: it carries the same delivery id, by which receivers tell
// repetitions. It is the X-Stet-Delivery and Idempotency-Key header of a
// webhook and the local part of a mail's Message-ID. The events inside have ids
// of their own, which never change either.
//
// A target begins at the end of the journal when it is first seen: it does not
// tell the past. Its name is its identity: who renames a target has a new one.
//
// # When a message is not taken
//
// Trouble on the way, and the statuses 408, 425, 429 and 5xx (replies 4xx of a
// mail server), are tried again for ever, with pauses that grow to an hour; a
// pause that the receiver asks for is kept. Other answers are refusals. A
// refused message is halved, at once where its content was refused (400, 413,
// 422; a mail server's 5xx after the text), else after some tries, until what
// is refused stands alone. That is skipped after eight tries, over about ten
// minutes, where its content was refused, and else after a day: so
// that a firewall which dislikes one post does not silence a target for good.
// What is skipped is reported with the ids of its events.
//
// Trouble is reported to Options.Report once when it begins to matter and once
// when it is over, not with every try. Reports name targets, never the secret
// parts of their addresses.
//
// # Verifying a webhook
//
// Where a target has a secret, the request carries
//
//	X-Stet-Signature: t=1767225600,v1=5257a869…
//
// t is the Unix time in seconds, v1 the HMAC-SHA256, in hexadecimal, of t, a
// full stop and the body, under the secret. Receivers compute the same, compare
// in constant time, and refuse what is older than some minutes. [Verify] does
// all of it. The signature is made anew with each try, so receivers that keep
// deliveries apart use X-Stet-Delivery.
//
// # Caveats
//
// Two processes that run the same target over one store both send; receivers
// see the same delivery ids. Mail servers do not join repetitions: readers of
// mail can, by Message-ID.
package notify
