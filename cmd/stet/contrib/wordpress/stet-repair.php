<?php
/**
 * Plugin Name: stet repair
 * Description: Shows, in the place of embedded posts that are gone, the copies that the newsroom's archive keeps.
 * Version: 1.0
 * Requires at least: 5.6
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Set the address of the archive's public listener in wp-config.php:
 *
 *     define( 'STET_URL', 'https://stet.news.example' );
 *
 * Stored content is never changed: what readers are shown is. The archive is
 * asked once per post and five minutes, from this server; where it does not
 * answer, everything stays as it is.
 */

defined( 'ABSPATH' ) || exit;

/** The longest that an answer is kept, and that the archive may take. */
const STET_KEEP_SECONDS = 300;
const STET_WAIT_SECONDS = 2;
const STET_MOST_POSTS   = 50;

/** After embeds were made of addresses, before anything is cached. */
add_filter( 'the_content', 'stet_repair', 20 );

/**
 * Replaces embeds of posts that are gone.
 *
 * @param string $content The content of a post as HTML.
 * @return string
 */
function stet_repair( $content ) {
	if ( ! defined( 'STET_URL' ) || is_admin() || is_feed() || ! is_string( $content ) || '' === $content ) {
		return $content;
	}
	$embeds = stet_embeds( $content );
	if ( ! $embeds ) {
		return $content;
	}
	$copies = stet_copies( array_slice( array_unique( array_column( $embeds, 'url' ) ), 0, STET_MOST_POSTS ) );
	foreach ( $embeds as $embed ) {
		if ( isset( $copies[ $embed['url'] ] ) ) {
			$content = str_replace( $embed['html'], stet_figure( $embed['url'], $copies[ $embed['url'] ] ), $content );
		}
	}
	return $content;
}

/**
 * Lists the embeds of a content: each with its markup and the address of the post.
 *
 * @param string $content HTML.
 * @return array[]
 */
function stet_embeds( $content ) {
	$forms  = 'twitter-tweet|twitter-video|instagram-media|tiktok-embed|bluesky-embed|mastodon-embed|text-post-media|reddit-embed-bq|reddit-card';
	$found  = array();
	$quotes = '~<blockquote\b[^>]*class=["\'][^"\']*\b(?:' . $forms . ')\b[^>]*>(?:(?!<blockquote\b).)*?</blockquote>~is';
	$frames = '~<iframe\b[^>]*\bsrc=["\'](?:https?:)?//[^"\']+["\'][^>]*>\s*</iframe>~is';
	foreach ( array( $quotes, $frames ) as $pattern ) {
		if ( ! preg_match_all( $pattern, $content, $all ) ) {
			continue;
		}
		foreach ( $all[0] as $html ) {
			$url = stet_address( $html );
			if ( '' !== $url ) {
				$found[] = array( 'html' => $html, 'url' => $url );
			}
		}
	}
	return $found;
}

/**
 * Returns the address of the post that an embed shows, empty where there is none.
 *
 * @param string $html The embed.
 * @return string
 */
function stet_address( $html ) {
	$url = '';
	if ( preg_match( '~\b(?:data-instgrm-permalink|data-bluesky-uri|data-embed-url|data-text-post-permalink|cite|src)=["\']([^"\']+)["\']~i', $html, $m ) ) {
		$url = $m[1];
	} elseif ( preg_match_all( '~<a\b[^>]*\bhref=["\']([^"\']+)["\']~i', $html, $all ) ) {
		$url = end( $all[1] );
	}
	$url = html_entity_decode( $url, ENT_QUOTES | ENT_HTML5, 'UTF-8' );
	if ( 0 === strpos( $url, '//' ) ) {
		$url = 'https:' . $url;
	}
	$own  = wp_parse_url( home_url(), PHP_URL_HOST );
	$host = wp_parse_url( $url, PHP_URL_HOST );
	if ( strlen( $url ) > 500 || 0 !== strpos( $url, 'at://' ) && ( ! preg_match( '~^https?://~i', $url ) || $host === $own ) ) {
		return '';
	}
	return $url;
}

/**
 * Asks the archive which posts are to be shown as copies.
 *
 * @param string[] $urls Addresses of posts.
 * @return array[] By address.
 */
function stet_copies( $urls ) {
	sort( $urls );
	$base = rtrim( STET_URL, '/' );
	$ask  = $base . '/repair?' . implode( '&', array_map( function ( $u ) { return 'u=' . rawurlencode( $u ); }, $urls ) );
	$key  = 'stet_' . md5( $ask );
	$kept = get_transient( $key );
	if ( is_array( $kept ) ) {
		return $kept;
	}
	$copies   = array();
	$response = wp_remote_get( $ask, array( 'timeout' => STET_WAIT_SECONDS, 'redirection' => 0 ) );
	$answer   = is_wp_error( $response ) || 200 !== wp_remote_retrieve_response_code( $response ) ? null : json_decode( wp_remote_retrieve_body( $response ), true );
	foreach ( is_array( $answer['posts'] ?? null ) ? $answer['posts'] : array() as $p ) {
		// Only what comes from the archive itself is framed.
		if ( is_string( $p['u'] ?? null ) && 0 === strpos( (string) ( $p['card'] ?? '' ), $base . '/card/' ) ) {
			$copies[ $p['u'] ] = $p;
		}
	}
	// An archive that does not answer is not asked again at once either.
	set_transient( $key, $copies, null === $answer ? 60 : STET_KEEP_SECONDS );
	return $copies;
}

/**
 * Returns the markup of a copy, with a Robust Link.
 *
 * @param string $url The address of the post as the page has it.
 * @param array  $p   The archive's answer.
 * @return string
 */
function stet_figure( $url, $p ) {
	$note = '';
	if ( ! empty( $p['version'] ) && ! empty( $p['date'] ) ) {
		$note = sprintf(
			'<figcaption><a href="%1$s" rel="noopener" data-originalurl="%2$s" data-versionurl="%1$s" data-versiondate="%3$s">Archived %3$s</a></figcaption>',
			esc_url( $p['version'] ),
			esc_attr( $url ),
			esc_attr( $p['date'] )
		);
	}
	return sprintf(
		'<figure class="stet"><iframe src="%s" title="%s" height="%d" sandbox="allow-popups allow-popups-to-escape-sandbox" loading="lazy" referrerpolicy="no-referrer" style="border:0;width:100%%;max-width:550px"></iframe>%s</figure>',
		esc_url( $p['card'] ),
		esc_attr( $p['title'] ?? 'An archived post' ),
		(int) ( $p['height'] ?? 400 ),
		$note
	);
}
