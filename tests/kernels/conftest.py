import pytest

from diabolo.kernels import find_library


@pytest.fixture(params=["baseline", "avx2", "avx512"])
def instruction_set(request):
    library = find_library()
    if library is None:
        pytest.skip("the stage engine was not built here")
    before = library.level
    library.choose(request.param)
    if library.level != request.param:
        library.choose(before)
        pytest.skip(f"this processor has no {request.param}")
    yield request.param
    library.choose(before)
