// SPDX-License-Identifier: Apache-2.0

import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

/** Tomcat with nothing set but the address; its port is the first line on stdout. */
public class TomcatServer
{
    public static void main(String[] arguments) throws Exception
    {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(arguments[0]);
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        for (String path : new String[] {"", "/app"}) {
            Context context = tomcat.addContext(path, null);
            Tomcat.addServlet(context, "ocapi", new Ocapi());
            context.addServletMappingDecoded("/s/*", "ocapi");
            context.addServletMappingDecoded("/dw/*", "ocapi");
        }
        tomcat.start();
        System.out.println(tomcat.getConnector().getLocalPort());
        System.out.flush();
        tomcat.getServer().await();
    }
}
