"""Writes the list of TensorFlow operators that only compute, from the op registry of the installed release.

An operator of the registry without state is entered unless its name speaks of files, Python, other programs or devices of their own; one with state only where
it is named here. Needs an environment with TensorFlow.
"""

from __future__ import annotations

from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "src" / "troth" / "formats" / "pickle" / "lists" / "tensorflow.operators"
LEFT_OUT = (
    "File", "Read", "Write", "Save", "Restore", "Py", "Remote", "Socket", "Load", "Dataset", "Send", "Recv", "Custom", "TPU", "Tpu", "Rpc", "Proto", "Debug", "Dump", "Collective", "Xla",
    "Snapshot", "Session", "Record", "Iterator", "Host", "Exec", "Sleep", "Configure", "Distributed", "Nccl", "Summary",
    "Abort", "Immutable", "VocabRemapping", "Infeed", "Outfeed", "Prelinearize", "Mesh", "DTensor", "Relayout", "SparseCore", "Mlir", "Compress",
)
"""Words of operators that reach files (also by a name in an input: ImmutableConst, GenerateVocabRemapping), the network, other devices or code that was compiled
elsewhere, that end the process, or whose output is larger than any budget."""
STATEFUL = """
Assert AssignAddVariableOp AssignSubVariableOp AssignVariableOp Case CheckNumerics CheckNumericsV2 CudnnRNN CudnnRNNV2 CudnnRNNV3 DeepCopy DestroyResourceOp DisableCopyOnRead
Empty GuaranteeConst HashTable HashTableV2 AnonymousHashTable If InitializeTableV2 LookupTableExportV2 LookupTableFindV2 LookupTableImportV2 LookupTableInsertV2 LookupTableRemoveV2
LookupTableSizeV2 Multinomial MutableHashTable MutableHashTableV2 MutableDenseHashTableV2 AnonymousMutableHashTable ParameterizedTruncatedNormal RandomCrop RandomGamma RandomPoissonV2
RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt ReadVariableOp ResourceGather ResourceGatherNd ResourceScatterAdd ResourceScatterUpdate ResourceScatterNdUpdate
ResourceScatterNdAdd ResourceStridedSliceAssign ResourceApplyAdam ResourceApplyGradientDescent ResourceApplyMomentum ResourceApplyKerasMomentum ResourceApplyRMSProp ResourceApplyAdagradV2
RngReadAndSkip RngSkip StackCloseV2 StackPopV2 StackPushV2 StackV2 StatefulPartitionedCall StatefulStandardNormalV2 StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt
StatefulUniformInt StatelessRandomGetAlg TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3
TensorArrayV3 TensorArrayWriteV3 Timestamp TruncatedNormal VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2 While
SampleDistortedBoundingBoxV2
"""
SAVER = ("SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename")
"""Every SavedModel's saver has these; the parser of SavedModels holds them to the path that the loader hands in."""


TOLD_PLACES = ("file", "path", "directory", "region", "address", "url", "container", "server")
"""Words of inputs and attributes that name a place outside of the graph."""


def reaches_out(op) -> bool:  # noqa: ANN001 - a message of TensorFlow
    """Whether an operator is told a place: an input or an attribute that speaks of a file, a region of memory, an address."""
    told = [arg.name.lower() for arg in (*op.input_arg, *op.attr)]
    return any(word in name for name in told for word in TOLD_PLACES)


def main() -> None:
    """Write the list."""
    import tensorflow
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    registry = op_def_pb2.OpList()
    registry.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    known = {op.name for op in registry.op}
    names = {
        op.name for op in registry.op
        if not op.is_stateful and not op.name.startswith("_") and not any(word in op.name for word in LEFT_OUT) and not reaches_out(op)
    }
    names |= {name for name in (*STATEFUL.split(), *SAVER) if name in known}
    lines = [f"# operators of tensorflow {tensorflow.__version__} that only compute", *sorted(names)]
    OUT.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(len(names), "operators; not in this release:", sorted({*STATEFUL.split(), *SAVER} - known))


if __name__ == "__main__":
    main()
