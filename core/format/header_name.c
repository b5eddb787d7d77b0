#include "format/request_build.h"

bool header_name_is_token(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alnum && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return name.n > 0;
}

bool header_value_is_clean(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f)
			return false;
	}
	return true;
}

bool header_is_ours(struct str name)
{
	static const struct str ours[] = {
		STR("host"),
		STR("content-length"),
		STR("transfer-encoding"),
		STR("connection"),
		STR("keep-alive"),
		STR("proxy-connection"),
		STR("expect"),
		STR("proxy-authorization"),
		STR("te"),
		STR("trailer"),
		STR("upgrade"),
		STR("http2-settings"),
	};
	for (size_t i = 0; i < countof(ours); i++) {
		if (str_eq(name, ours[i]))
			return true;
	}
	return false;
}
