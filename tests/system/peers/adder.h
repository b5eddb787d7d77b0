//gsoap ns service name: adder
//gsoap ns service port: http://127.0.0.1:8000/
//gsoap ns service namespace: urn:example:adder
//gsoap ns schema namespace: urn:example:adder
int ns__add(double a, double b, double *result);
int ns__divide(double a, double b, double *result);
