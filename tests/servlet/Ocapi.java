// SPDX-License-Identifier: Apache-2.0

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An OCAPI application as a servlet mapped on /s/* and /dw/*: the container decides what a path means.
 * Each request that it runs is one line on stdout: the request's number, the site, the API.
 */
public class Ocapi extends HttpServlet
{
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException
    {
        List<String> segments = new ArrayList<>();
        String info = request.getPathInfo();
        for (String segment : (info == null ? "" : info).split("/")) {
            if (!segment.isEmpty()) {
                segments.add(segment);
            }
        }
        String site = "";
        if (request.getServletPath().equals("/s")) {
            if (segments.size() < 2 || !segments.get(1).equals("dw")) {
                response.sendError(404);
                return;
            }
            site = segments.get(0);
            segments = segments.subList(2, segments.size());
        }
        String api = segments.isEmpty() ? "" : segments.get(0);
        String ran = URLEncoder.encode(site, StandardCharsets.UTF_8) + " "
            + URLEncoder.encode(api, StandardCharsets.UTF_8);
        synchronized (Ocapi.class) {
            System.out.println(request.getHeader("X-Request") + " " + ran);
            System.out.flush();
        }
        response.setHeader("Access-Control-Allow-Origin", "*");
        response.setHeader("Access-Control-Allow-Headers", "*");
        response.setContentType("text/plain");
        response.getWriter().print(ran);
    }
}
