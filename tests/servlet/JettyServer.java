// SPDX-License-Identifier: Apache-2.0

import java.net.InetSocketAddress;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.servlet.ServletContextHandler;

/** Jetty with nothing set but the address; its port is the first line on stdout. */
public class JettyServer
{
    public static void main(String[] arguments) throws Exception
    {
        Server server = new Server(new InetSocketAddress("127.0.0.1", 0));
        ContextHandlerCollection contexts = new ContextHandlerCollection();
        for (String path : new String[] {"/", "/app"}) {
            ServletContextHandler context = new ServletContextHandler(contexts, path);
            context.addServlet(Ocapi.class, "/s/*");
            context.addServlet(Ocapi.class, "/dw/*");
        }
        server.setHandler(contexts);
        server.start();
        System.out.println(((ServerConnector) server.getConnectors()[0]).getLocalPort());
        System.out.flush();
        server.join();
    }
}
