from utils.line_reading import Line, read_lines
__all__=["Line","read_lines"]
def report(i): return {}
def table(r): return ""
