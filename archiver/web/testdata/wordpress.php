<?php
/**
 * What the plugin uses of WordPress, as far as it needs it, and one request: the
 * content comes in as JSON, and what readers are shown goes out.
 */
$GLOBALS['in']    = json_decode( stream_get_contents( STDIN ), true );
$GLOBALS['asked'] = array();
$GLOBALS['kept']  = array();
define( 'ABSPATH', __DIR__ );
if ( isset( $GLOBALS['in']['stet'] ) ) {
	define( 'STET_URL', $GLOBALS['in']['stet'] );
}
class WP_Error {}
function add_filter( $name, $function, $priority ) { $GLOBALS['filter'] = array( $name, $function, $priority ); }
function is_admin() { return ! empty( $GLOBALS['in']['admin'] ); }
function is_feed() { return ! empty( $GLOBALS['in']['feed'] ); }
function home_url() { return 'https://paper.example'; }
function wp_parse_url( $url, $part ) { return parse_url( $url, $part ); }
function get_transient( $key ) { return $GLOBALS['kept'][ $key ][0] ?? false; }
function set_transient( $key, $value, $seconds ) { $GLOBALS['kept'][ $key ] = array( $value, $seconds ); }
function wp_remote_get( $url, $options ) {
	$GLOBALS['asked'][] = $url;
	$body = @file_get_contents( $url, false, stream_context_create( array( 'http' => array( 'timeout' => $options['timeout'], 'follow_location' => 0, 'ignore_errors' => true ) ) ) );
	if ( false === $body ) {
		return new WP_Error();
	}
	return array( 'status' => (int) explode( ' ', $http_response_header[0] )[1], 'body' => $body );
}
function is_wp_error( $thing ) { return $thing instanceof WP_Error; }
function wp_remote_retrieve_response_code( $response ) { return $response['status']; }
function wp_remote_retrieve_body( $response ) { return $response['body']; }
function esc_attr( $text ) { return htmlspecialchars( (string) $text, ENT_QUOTES ); }
function esc_url( $url ) { return preg_match( '~^https?://~i', $url ) ? htmlspecialchars( $url, ENT_QUOTES ) : ''; }
error_reporting( E_ALL );
set_error_handler( function ( $no, $message, $file, $line ) {
	if ( 0 === ( error_reporting() & $no ) ) {
		return true;
	}
	throw new ErrorException( $message, 0, $no, $file, $line );
} );
require $argv[1];
$out = array();
foreach ( $GLOBALS['in']['contents'] as $content ) {
	$out[] = call_user_func( $GLOBALS['filter'][1], $content );
}
echo json_encode( array( 'filter' => $GLOBALS['filter'], 'contents' => $out, 'asked' => $GLOBALS['asked'], 'kept' => array_values( $GLOBALS['kept'] ) ) );
