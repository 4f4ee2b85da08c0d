"""Opens a page in headless Chromium, at phone and desktop width, light and dark, and lets axe look at it.

usage: check_page.py PAGE.html [SCREENSHOTS]   exit 1 when axe finds a violation
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import axe_core_python

page = pathlib.Path(sys.argv[1]).read_text()
axe = next(pathlib.Path(axe_core_python.__file__).parent.glob("axe*.js")).read_text()
# The page allows no script; the copy that is looked at does.
page = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*/>", "", page)
report = """axe.run(document).then(found => { document.title = "AXE:" + JSON.stringify(
  found.violations.map(one => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200)])) })"""
script = "<script>" + axe.replace("</script", "<\\/script") + "</script><script>" + report + "</script>"
failed = False
with tempfile.TemporaryDirectory() as folder:
    copy = pathlib.Path(folder, "page.html")
    copy.write_text(page.replace("</body>", script + "</body>"))
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            options = [
                "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
                f"--window-size={width},2000",
            ] + (["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else [])
            dom = subprocess.run(
                options + ["--virtual-time-budget=20000", "--dump-dom", copy.as_uri()],
                capture_output=True, text=True, timeout=120).stdout
            found = re.search(r"<title>AXE:(.*?)</title>", dom, re.S)
            violations = json.loads(found.group(1)) if found else ["axe gave no answer"]
            print(scheme, width, len(violations), "violations", *violations)
            failed = failed or bool(violations)
            if len(sys.argv) > 2:
                picture = pathlib.Path(sys.argv[2], f"{scheme}-{width}.png")
                subprocess.run(
                    options + [f"--screenshot={picture}", pathlib.Path(sys.argv[1]).absolute().as_uri()],
                    capture_output=True, timeout=120)
sys.exit(1 if failed else 0)
