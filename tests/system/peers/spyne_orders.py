"""A SOAP service of Debian's spyne, which writes its own WSDL.   python3 spyne_orders.py 1.1|1.2"""
import json
import logging
import signal
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from spyne import Application, Array, ComplexModel, Decimal, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

logging.disable(logging.CRITICAL)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
NS = "urn:example:spyne"


class Line(ComplexModel):
    __namespace__ = NS
    sku = Unicode(min_occurs=1)
    quantity = Integer(min_occurs=1)


class Receipt(ComplexModel):
    __namespace__ = NS
    number = Unicode
    total = Decimal
    skus = Array(Unicode)


class Orders(ServiceBase):
    @rpc(Unicode(min_occurs=1), Array(Line), _returns=Receipt)
    def CreateOrder(ctx, customer, lines):
        if customer == "nobody":
            raise Fault("Client.NoSuchCustomer", "no such customer")
        if customer == "broken":
            raise Fault("Server", "later")
        return Receipt(number="SP-" + customer, total=sum(line.quantity for line in lines), skus=[line.sku for line in lines])


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


protocol = Soap12 if sys.argv[1] == "1.2" else Soap11
application = Application([Orders], NS, in_protocol=protocol(validator="lxml"), out_protocol=protocol())
server = make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Quiet)
print(json.dumps({"listening": server.server_port}), flush=True)
server.serve_forever()
