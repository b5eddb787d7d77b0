/* WS-Security 1.0: UsernameToken Profile and Timestamp. The digest is Base64(SHA-1(nonce + created +
 * password)) over the nonce's raw bytes, not over their Base64 text: the most common mistake of clients. */
#include "soap/security.h"

#include "format/encode.h"
#include "format/rfc3339.h"
#include "format/secret_mark.h"

#include <glib.h>

#define WSS           "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
#define TOKEN_PROFILE WSS "username-token-profile-1.0#"

static void write_time(struct buf *out, int64_t at_us)
{
	char text[RFC3339_SIZE];
	buf_str(out, rfc3339_write(at_us / 1000, text));
}

static void write_base64(struct buf *out, const void *bytes, size_t n)
{
	gchar *text = g_base64_encode(bytes, n);
	buf_str(out, str_of(text));
	g_free(text);
}

/* What the secret is, is known when the message goes out: its mark says what to make of it. */
static bool write_digest_of_secret(struct buf *out, const struct soap_security *security, struct str created)
{
	struct secret_mark mark;
	struct buf name;
	if (!secret_mark_find(security->password, 0, &mark))
		return false;
	buf_init(&name, SECRET_MARK_MAX);
	buf_str(&name, STR("wsse:"));
	write_base64(&name, security->nonce, sizeof security->nonce);
	buf_char(&name, ':');
	buf_str(&name, created);
	buf_char(&name, ':');
	buf_str(&name, str_of(mark.name));
	ensure(!name.overflow);
	secret_mark_add(out, ESCAPE_XML_TEXT, buf_view(&name));
	buf_finish(&name);
	return true;
}

static void write_digest(struct buf *out, const struct soap_security *security, struct str created)
{
	if (write_digest_of_secret(out, security, created))
		return;
	guint8 digest[20];
	gsize n = sizeof digest;
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(sum, security->nonce, sizeof security->nonce);
	g_checksum_update(sum, (const guchar *)created.p, (gssize)created.n);
	g_checksum_update(sum, (const guchar *)security->password.p, (gssize)security->password.n);
	g_checksum_get_digest(sum, digest, &n);
	g_checksum_free(sum);
	write_base64(out, digest, n);
}

static void write_token(struct buf *out, const struct soap_security *security)
{
	struct buf created;
	buf_init(&created, 64);
	write_time(&created, security->now_us);
	buf_str(out, STR("<wsse:UsernameToken><wsse:Username>"));
	encode_xml_text(out, security->username);
	buf_str(out, STR("</wsse:Username><wsse:Password Type=\"" TOKEN_PROFILE));
	buf_str(out, security->digest ? STR("PasswordDigest\">") : STR("PasswordText\">"));
	if (security->digest)
		write_digest(out, security, buf_view(&created));
	else
		encode_xml_text(out, security->password);
	buf_str(out, STR("</wsse:Password>"));
	if (security->digest) {
		buf_str(out,
			STR("<wsse:Nonce EncodingType=\"" WSS "soap-message-security-1.0#Base64Binary\">"));
		write_base64(out, security->nonce, sizeof security->nonce);
		buf_str(out, STR("</wsse:Nonce><wsu:Created>"));
		buf_str(out, buf_view(&created));
		buf_str(out, STR("</wsu:Created>"));
	}
	buf_str(out, STR("</wsse:UsernameToken>"));
	buf_finish(&created);
}

void soap_security_write(struct buf *out, const struct soap_security *security, struct str prefix)
{
	buf_str(out, STR("<wsse:Security xmlns:wsse=\"" WSS "wssecurity-secext-1.0.xsd\" xmlns:wsu=\"" WSS
			 "wssecurity-utility-1.0.xsd\""));
	if (security->must_understand)
		buf_printf(out, " " STR_FMT ":mustUnderstand=\"1\"", STR_ARG(prefix));
	buf_char(out, '>');
	if (security->timestamp_s > 0) {
		buf_str(out, STR("<wsu:Timestamp><wsu:Created>"));
		write_time(out, security->now_us);
		buf_str(out, STR("</wsu:Created><wsu:Expires>"));
		write_time(out, security->now_us + security->timestamp_s * 1000000);
		buf_str(out, STR("</wsu:Expires></wsu:Timestamp>"));
	}
	if (security->username.p)
		write_token(out, security);
	buf_str(out, STR("</wsse:Security>"));
}
