"""The package as users get it: installed into a scratch folder and found from there by programs of theirs, and built as a
part of another project's tree."""

import concurrent.futures
import re
import shutil
import subprocess

from . import exports, process
from .build import ROOT, complaints

CONSUMERS = ROOT / "tests" / "package"
SCRATCH = ROOT / "build" / "package"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-fvisibility=hidden"]  # as users may be
GCC, CLANG = "g++", "clang++-19"
PATIENCE = 1800  # seconds, for what compiles
CCACHE = [path] if (path := shutil.which("ccache")) else []


def check_installed(report, build):
    """What the release build installs: static libraries and the tool."""
    with report.step("package: installed and used"):
        package = Package(report, "static", has_tls=True)
        if not package.install_from(build.folder):
            return
        package.result("exports what public headers declare", exports.problem(package.libraries()))
        package.result("the installed tool runs", run([package.root / "bin" / "parley", "--version"]))
        package.result("completions and the manual are where shells and man look", package.missing(
            "share/bash-completion/completions/parley", "share/zsh/site-functions/_parley", "share/man/man1/parley.1"))
        package.use(by_cmake=GCC, by_pkg_config=CLANG)


def check_variants(report):
    """The choices that need the library built once more."""
    with report.step("package: shared, as a part of another project's tree"):
        package = Package(report, "shared", has_tls=True)
        tree = package.folder / "tree"
        if package.result("built in another tree", configure_and_build(
                CONSUMERS / "by_subdirectory", tree, f"-DPARLEY={ROOT}", "-DBUILD_SHARED_LIBS=ON", "-DPARLEY_INSTALL=ON")):
            package.result("programs in that tree run", package.programs_run(tree))
        if package.install_from(tree):
            package.result("sonames follow the minor version", package.wrong_sonames())
            package.result("exports what public headers declare", exports.problem(package.libraries(), "--dyn-syms"))
            package.use(by_cmake=CLANG, by_pkg_config=GCC)
    with report.step("package: static, without TLS and the tool"):
        package = Package(report, "static, no TLS", has_tls=False)
        build = package.folder / "library"
        options = ["-DPARLEY_DEVELOPER=OFF", "-DPARLEY_TLS=OFF", "-DPARLEY_BUILD_TOOL=OFF"]
        if package.result("built", configure_and_build(ROOT, build, *options)) and package.install_from(build):
            package.use(by_cmake=GCC, by_pkg_config=CLANG)


class Package:
    def __init__(self, report, kind, has_tls):
        self.report, self.kind, self.has_tls = report, kind, has_tls
        self.folder = SCRATCH / re.sub(r"\W+", "_", kind)
        self.root = self.folder / "root"
        self.version = re.search(r'VERSION_STRING "(.*)"', (ROOT / "include/parley/version.hpp").read_text())[1]

    def result(self, name, problem):
        self.report.result(f"package, {self.kind}: {name}", problem)
        return problem is None

    def install_from(self, build):
        shutil.rmtree(self.root, ignore_errors=True)
        return self.result("installed", run(["cmake", "--install", build, "--prefix", self.root]))

    def missing(self, *paths):
        """Which of these files were not installed."""
        return "\n".join(path for path in paths if not (self.root / path).is_file()) or None

    def libraries(self):
        """The files themselves, without the links to them."""
        return [path for path in sorted(self.root.glob("lib/libparley*")) if not path.is_symlink()]

    def wrong_sonames(self):
        compatible = ".".join(self.version.split(".")[:2])
        for library in self.libraries():
            soname = re.search(r"SONAME.*\[(.*)\]", capture(["readelf", "--dynamic", library]))[1]
            if soname != f"{library.name.partition('.so')[0]}.so.{compatible}":
                return f"{library.name} calls itself {soname}"
        return None

    def use(self, by_cmake, by_pkg_config):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.submit(self.by_cmake, by_cmake)
            told = pool.submit(self.by_pkg_config, by_pkg_config)
            self.result(f"find_package, {by_cmake}", found.result())
            self.result(f"pkg-config, {by_pkg_config}", told.result())

    def by_cmake(self, compiler):
        tree = self.folder / "by_cmake"
        problem = configure_and_build(CONSUMERS / "by_cmake", tree, f"-DCMAKE_PREFIX_PATH={self.root}",
                                      f"-DCMAKE_CXX_COMPILER={compiler}")
        return problem or self.programs_run(tree)

    def by_pkg_config(self, compiler):
        tree = self.folder / "by_pkg_config"
        tree.mkdir(parents=True, exist_ok=True)
        problem = None
        for name, package in (("consumer", "parley"), ("wire_consumer", "parley-wire")):
            problem = problem or self.compile(compiler, CONSUMERS / f"{name}.cpp", package, tree / name)
        return problem or self.programs_run(tree)

    def compile(self, compiler, source, package, program):
        libraries = self.root / "lib"
        problem, flags = process.run(["pkg-config", "--cflags", "--libs", package], seconds=10,
                                     PKG_CONFIG_PATH=f"{libraries}/pkgconfig")
        if problem:
            return f"{problem}\n{flags}"
        objects, *linking = program.with_suffix(".o"), *flags.split(), f"-Wl,-rpath,{libraries}"
        compiling = [word for word in linking if not word.startswith(("-l", "-L", "-Wl"))]
        return run([*CCACHE, compiler, "-std=c++20", *STRICT, *compiling, "-c", source, "-o", objects]) \
            or run([compiler, objects, *linking, "-o", program])

    def programs_run(self, tree):
        problem, told = process.run([tree / "wire_consumer"], seconds=30)
        if problem or told != f"{self.version}\n":
            return f"wire_consumer: {problem}\n{told}"
        problem, told = process.run([tree / "consumer"], seconds=60)
        schemes, ending = ("tcp ws tls wss", ".*refused.*") if self.has_tls else \
            ("tcp ws", ".*the scheme tls is not available in this build.*")
        if problem or not re.fullmatch(rf"{re.escape(self.version)}\n{schemes} \n{ending}\n", told):
            return f"consumer: {problem}\n{told}"
        return None


def configure_and_build(source, folder, *options):
    launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={CCACHE[0]}"] if CCACHE else []
    return run(["cmake", "--fresh", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *launcher, *options]) \
        or run(["cmake", "--build", folder])


def run(command):
    """None, or the complaints."""
    problem, output = process.run(command, seconds=PATIENCE)
    return problem and f"{problem}\n{complaints(output)}"


def capture(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
