"""An authority of the tests' own, made by openssl: good certificates and bad ones."""
import subprocess

CONFIG = """[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
crlnumber = {folder}/crlnumber
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    def __init__(self, folder, name="Tests' own authority"):
        self.folder = folder
        folder.mkdir()
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        (folder / "crlnumber").write_text("01\n")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                     "-days", "30", "-subj", f"/CN={name}")
        self.pem = folder / "ca.pem"

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, alternatives="DNS:localhost,IP:127.0.0.1", dates=()):
        """A certificate and its key: paths."""
        key, request, pem = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out", str(request),
                     "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternatives}")
        self.openssl("ca", "-batch", "-config", "openssl.cnf", "-in", str(request), "-out", str(pem), "-notext", *dates)
        return pem, key

    def expired(self, name):
        return self.issue(name, dates=("-startdate", "20200101000000Z", "-enddate", "20200201000000Z"))

    def self_signed(self, name):
        pem, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out", str(pem),
                     "-days", "30", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost")
        return pem, key

    def revoke(self, pem):
        self.openssl("ca", "-config", "openssl.cnf", "-revoke", str(pem))

    def crl(self):
        path = self.folder / "crl.pem"
        self.openssl("ca", "-config", "openssl.cnf", "-gencrl", "-out", str(path))
        return path
