"""A server on the loopback interface. LocalStack's own server binds every interface, whatever GATEWAY_LISTEN says."""

from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor


class LoopbackServer(TwistedRuntimeServer):
    def register(self, gateway, listen, ssl_creds=None):
        """Plain HTTP only: nobody can eavesdrop on loopback, and no certificate has to be downloaded."""
        site = TwistedGateway(gateway)
        for address in listen:
            endpoints.TCP4ServerEndpoint(reactor, address.port, interface=address.host).listen(site)
