/* As short as they can be: what types and elements of these namespaces other schemas refer to. */
#include "soap/standard_schemas.h"

#define XS        "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema' xmlns:t='"
#define TARGET    "' targetNamespace='"
#define QUALIFIED "' elementFormDefault='qualified'>"
#define OPEN      "'>"

#define XML_NAMESPACE "http://www.w3.org/XML/1998/namespace"
#define WSA2005       "http://www.w3.org/2005/08/addressing"
#define WSA2004       "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define WSU           "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define SOAPENC       "http://schemas.xmlsoap.org/soap/encoding/"
#define SOAPENC12     "http://www.w3.org/2003/05/soap-encoding"
#define XMIME         "http://www.w3.org/2005/05/xmlmime"
#define XMIME2004     "http://www.w3.org/2004/11/xmlmime"
#define XOP           "http://www.w3.org/2004/08/xop/include"
#define XLINK         "http://www.w3.org/1999/xlink"
#define SWAREF        "http://ws-i.org/profiles/basic/1.1/xsd"
#define MS_ARRAYS     "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define MS_TYPES      "http://schemas.microsoft.com/2003/10/Serialization/"

/* Both addressing versions say the same of an endpoint, in different words. */
#define ENDPOINT_PART(name)                                                                                  \
	"<x:element name='" name "'><x:complexType><x:sequence><x:any minOccurs='0' maxOccurs='unbounded'/>" \
	"</x:sequence><x:anyAttribute/></x:complexType></x:element>"
#define ATTRIBUTED(type, base)                                                                             \
	"<x:complexType name='" type "'><x:simpleContent><x:extension base='x:" base "'><x:anyAttribute/>" \
	"</x:extension></x:simpleContent></x:complexType>"

/* An encoded value: any built-in type, nillable, with id and href. */
#define ENCODED(name)                                                                                  \
	"<x:complexType name='" name "'><x:simpleContent><x:extension base='x:" name "'>"              \
	"<x:attribute name='id' type='x:ID'/><x:attribute name='href' type='x:anyURI'/></x:extension>" \
	"</x:simpleContent></x:complexType><x:element name='" name "' type='t:" name "' nillable='true'/>"

#define ENCODED_ALL                                                                                     \
	ENCODED("string")                                                                               \
	ENCODED("normalizedString")                                                                     \
	ENCODED("token")                                                                                \
	ENCODED("boolean")                                                                              \
	ENCODED("float")                                                                                \
	ENCODED("double")                                                                               \
	ENCODED("decimal")                                                                              \
	ENCODED("duration")                                                                             \
	ENCODED("dateTime")                                                                             \
	ENCODED("time")                                                                                 \
	ENCODED("date") ENCODED("hexBinary") ENCODED("base64Binary") ENCODED("anyURI") ENCODED("QName") \
		ENCODED("integer") ENCODED("long") ENCODED("int") ENCODED("short") ENCODED("byte")      \
			ENCODED("nonNegativeInteger") ENCODED("unsignedLong") ENCODED("unsignedInt")    \
				ENCODED("unsignedShort") ENCODED("unsignedByte") ENCODED("positiveInteger")

#define ENCODED_ARRAY                                                                                   \
	"<x:attribute name='arrayType' type='x:string'/><x:attribute name='itemType' type='x:string'/>" \
	"<x:attribute name='arraySize' type='x:string'/>"                                               \
	"<x:group name='Array'><x:sequence><x:any minOccurs='0' "                                       \
	"maxOccurs='unbounded'/></x:sequence></x:group>"                                                \
	"<x:attributeGroup name='arrayAttributes'><x:anyAttribute/></x:attributeGroup>"                 \
	"<x:attributeGroup name='commonAttributes'><x:anyAttribute/></x:attributeGroup>"                \
	"<x:complexType name='Array'><x:group ref='t:Array' "                                           \
	"minOccurs='0'/><x:anyAttribute/></x:complexType>"                                              \
	"<x:complexType name='Struct'><x:group ref='t:Array' "                                          \
	"minOccurs='0'/><x:anyAttribute/></x:complexType>"                                              \
	"<x:simpleType name='base64'><x:restriction base='x:base64Binary'/></x:simpleType>"

#define MS_ARRAY(type, item)                                                                         \
	"<x:complexType name='ArrayOf" item "'><x:sequence><x:element name='" item "' type='x:" type \
	"' minOccurs='0' maxOccurs='unbounded'/></x:sequence></x:complexType>"                       \
	"<x:element name='ArrayOf" item "' type='t:ArrayOf" item "' nillable='true'/>"

static const struct {
	const char *ns, *text;
} schemas[] = {
	/* No other prefix than its own may be bound to this namespace. */
	{XML_NAMESPACE,
	 "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema' targetNamespace='" XML_NAMESPACE OPEN
	 "<x:attribute name='lang' type='x:string'/><x:attribute name='base' type='x:anyURI'/>"
	 "<x:attribute name='id' type='x:ID'/><x:attribute name='space'><x:simpleType>"
	 "<x:restriction base='x:NCName'><x:enumeration value='default'/><x:enumeration value='preserve'/>"
	 "</x:restriction></x:simpleType></x:attribute><x:attributeGroup name='specialAttrs'>"
	 "<x:attribute ref='xml:base'/><x:attribute ref='xml:lang'/><x:attribute ref='xml:space'/>"
	 "<x:attribute ref='xml:id'/></x:attributeGroup></x:schema>"},
	{SOAPENC, XS SOAPENC TARGET SOAPENC OPEN ENCODED_ALL ENCODED_ARRAY "</x:schema>"},
	{SOAPENC12, XS SOAPENC12 TARGET SOAPENC12 OPEN ENCODED_ALL ENCODED_ARRAY "</x:schema>"},
	{WSA2005, XS WSA2005 TARGET WSA2005 QUALIFIED
	 "<x:element name='EndpointReference' type='t:EndpointReferenceType'/>"
	 "<x:complexType name='EndpointReferenceType'><x:sequence><x:element name='Address' "
	 "type='t:AttributedURIType'/>"
	 "<x:element ref='t:ReferenceParameters' minOccurs='0'/><x:element ref='t:Metadata' minOccurs='0'/>"
	 "<x:any namespace='##other' minOccurs='0' "
	 "maxOccurs='unbounded'/></x:sequence><x:anyAttribute/></x:complexType>" ENDPOINT_PART(
		 "ReferenceParameters")
		 ENDPOINT_PART(
			 "Metadata") "<x:complexType name='ReferenceParametersType'><x:sequence><x:any "
				     "minOccurs='0' maxOccurs='unbounded'/>"
				     "</x:sequence><x:anyAttribute/></x:complexType>"
				     "<x:complexType name='MetadataType'><x:sequence><x:any minOccurs='0' "
				     "maxOccurs='unbounded'/>"
				     "</x:sequence><x:anyAttribute/></x:complexType>" ATTRIBUTED(
					     "AttributedURIType", "anyURI")
					     ATTRIBUTED("AttributedQNameType", "QName") ATTRIBUTED(
						     "AttributedUnsignedLongType",
						     "unsignedLong") "<x:complexType "
								     "name='RelatesToType'><x:simpleContent><"
								     "x:extension base='x:anyURI'>"
								     "<x:attribute name='RelationshipType' "
								     "type='x:anyURI'/><x:anyAttribute/></"
								     "x:extension></x:simpleContent>"
								     "</x:complexType><x:element "
								     "name='RelatesTo' "
								     "type='t:RelatesToType'/>"
								     "<x:element name='MessageID' "
								     "type='t:AttributedURIType'/><x:element "
								     "name='To' type='t:AttributedURIType'/>"
								     "<x:element name='Action' "
								     "type='t:AttributedURIType'/><x:element "
								     "name='From' "
								     "type='t:EndpointReferenceType'/>"
								     "<x:element name='ReplyTo' "
								     "type='t:EndpointReferenceType'/"
								     "><x:element name='FaultTo' "
								     "type='t:EndpointReferenceType'/>"
								     "<x:attribute "
								     "name='IsReferenceParameter' "
								     "type='x:boolean'/></x:schema>"},
	{WSA2004, XS WSA2004 TARGET WSA2004 QUALIFIED
	 "<x:element name='EndpointReference' type='t:EndpointReferenceType'/>"
	 "<x:complexType name='EndpointReferenceType'><x:sequence><x:element name='Address' "
	 "type='t:AttributedURI'/>"
	 "<x:element name='ReferenceProperties' type='t:ReferencePropertiesType' minOccurs='0'/>"
	 "<x:element name='ReferenceParameters' type='t:ReferenceParametersType' minOccurs='0'/>"
	 "<x:element name='PortType' type='t:AttributedQName' minOccurs='0'/>"
	 "<x:element name='ServiceName' type='t:ServiceNameType' minOccurs='0'/>"
	 "<x:any namespace='##other' minOccurs='0' "
	 "maxOccurs='unbounded'/></x:sequence><x:anyAttribute/></x:complexType>"
	 "<x:complexType name='ReferencePropertiesType'><x:sequence><x:any minOccurs='0' "
	 "maxOccurs='unbounded'/>"
	 "</x:sequence></x:complexType><x:complexType name='ReferenceParametersType'><x:sequence>"
	 "<x:any minOccurs='0' maxOccurs='unbounded'/></x:sequence></x:complexType>"
	 "<x:complexType name='ServiceNameType'><x:simpleContent><x:extension base='x:QName'>"
	 "<x:attribute name='PortName' "
	 "type='x:NCName'/><x:anyAttribute/></x:extension></x:simpleContent></x:complexType>" ATTRIBUTED(
		 "AttributedURI", "anyURI")
		 ATTRIBUTED("AttributedQName",
			    "QName") "<x:complexType name='Relationship'><x:simpleContent><x:extension "
				     "base='x:anyURI'>"
				     "<x:attribute name='RelationshipType' "
				     "type='x:QName'/><x:anyAttribute/></x:extension></x:simpleContent>"
				     "</x:complexType><x:element name='RelatesTo' type='t:Relationship'/>"
				     "<x:element name='MessageID' type='t:AttributedURI'/><x:element "
				     "name='To' type='t:AttributedURI'/>"
				     "<x:element name='Action' type='t:AttributedURI'/><x:element "
				     "name='From' type='t:EndpointReferenceType'/>"
				     "<x:element name='ReplyTo' type='t:EndpointReferenceType'/><x:element "
				     "name='FaultTo' type='t:EndpointReferenceType'/>"
				     "</x:schema>"},
	{WSU, XS WSU TARGET WSU QUALIFIED
	 "<x:attribute name='Id' type='x:ID'/><x:attributeGroup name='commonAtts'><x:attribute ref='t:Id'/>"
	 "<x:anyAttribute/></x:attributeGroup><x:complexType name='AttributedDateTime'><x:simpleContent>"
	 "<x:extension base='x:string'><x:attributeGroup "
	 "ref='t:commonAtts'/></x:extension></x:simpleContent></x:complexType>"
	 "<x:complexType name='TimestampType'><x:sequence><x:element ref='t:Created' minOccurs='0'/>"
	 "<x:element ref='t:Expires' minOccurs='0'/></x:sequence><x:attributeGroup "
	 "ref='t:commonAtts'/></x:complexType>"
	 "<x:element name='Timestamp' type='t:TimestampType'/><x:element name='Created' "
	 "type='t:AttributedDateTime'/>"
	 "<x:element name='Expires' type='t:AttributedDateTime'/></x:schema>"},
	{XMIME, XS XMIME TARGET XMIME OPEN
	 "<x:attribute name='contentType' type='x:string'/>"
	 "<x:attribute name='expectedContentTypes' type='x:string'/><x:complexType "
	 "name='base64Binary'><x:simpleContent>"
	 "<x:extension base='x:base64Binary'><x:attribute "
	 "ref='t:contentType'/></x:extension></x:simpleContent>"
	 "</x:complexType><x:complexType name='hexBinary'><x:simpleContent><x:extension base='x:hexBinary'>"
	 "<x:attribute ref='t:contentType'/></x:extension></x:simpleContent></x:complexType></x:schema>"},
	{XMIME2004, XS XMIME2004 TARGET XMIME2004 OPEN
	 "<x:attribute name='contentType' type='x:string'/>"
	 "<x:complexType name='base64Binary'><x:simpleContent><x:extension base='x:base64Binary'>"
	 "<x:attribute ref='t:contentType'/></x:extension></x:simpleContent></x:complexType></x:schema>"},
	{XOP, XS XOP TARGET XOP QUALIFIED
	 "<x:element name='Include' type='t:Include'/><x:complexType name='Include'><x:sequence>"
	 "<x:any minOccurs='0' maxOccurs='unbounded'/></x:sequence>"
	 "<x:attribute name='href' type='x:anyURI' "
	 "use='required'/><x:anyAttribute/></x:complexType></x:schema>"},
	{XLINK, XS XLINK TARGET XLINK OPEN
	 "<x:attribute name='type' type='x:string'/><x:attribute name='href' type='x:anyURI'/>"
	 "<x:attribute name='role' type='x:string'/><x:attribute name='arcrole' type='x:string'/>"
	 "<x:attribute name='title' type='x:string'/><x:attribute name='show' type='x:string'/>"
	 "<x:attribute name='actuate' type='x:string'/><x:attribute name='label' "
	 "type='x:string'/></x:schema>"},
	{SWAREF, XS SWAREF TARGET SWAREF OPEN
	 "<x:simpleType name='swaRef'><x:restriction base='x:anyURI'/></x:simpleType></x:schema>"},
	{MS_TYPES, XS MS_TYPES TARGET MS_TYPES QUALIFIED
	 "<x:simpleType name='char'><x:restriction base='x:int'/></x:simpleType>"
	 "<x:simpleType name='duration'><x:restriction base='x:duration'/></x:simpleType>"
	 "<x:simpleType name='guid'><x:restriction base='x:string'/></x:simpleType>"
	 "<x:attribute name='FactoryType' type='x:QName'/><x:attribute name='Id' type='x:ID'/>"
	 "<x:attribute name='Ref' type='x:IDREF'/></x:schema>"},
	{MS_ARRAYS, XS MS_ARRAYS TARGET MS_ARRAYS QUALIFIED MS_ARRAY("string", "string")
			    MS_ARRAY("int", "int") MS_ARRAY("long", "long") MS_ARRAY("boolean", "boolean")
				    MS_ARRAY("dateTime", "dateTime") MS_ARRAY("decimal", "decimal") MS_ARRAY(
					    "double", "double") MS_ARRAY("anyType", "anyType") "</x:schema>"},
};

struct str standard_schema(struct str ns)
{
	for (size_t i = 0; i < countof(schemas); i++)
		if (str_eq(ns, str_of(schemas[i].ns)))
			return str_of(schemas[i].text);
	return (struct str){0};
}
