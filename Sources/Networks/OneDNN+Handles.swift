internal import COneDNN

/// The processor as a oneDNN engine, with the stream that runs its operations.
@safe
final class Engine {
  let handle: dnnl_engine_t
  let stream: dnnl_stream_t

  init() throws(OneDNNError) {
    var engine: dnnl_engine_t?
    let made = unsafe dnnl_engine_create(&engine, dnnl_cpu, 0)
    try OneDNNError.check(made, "dnnl_engine_create", "the processor")
    guard let engine = unsafe engine else { preconditionFailure("success without an engine") }
    var stream: dnnl_stream_t?
    let flags = dnnl_stream_flags_t(dnnl_stream_default_flags.rawValue)
    let status = unsafe dnnl_stream_create(&stream, engine, flags.rawValue)
    guard status == dnnl_success, let stream = unsafe stream else {
      unsafe dnnl_engine_destroy(engine)
      throw OneDNNError(call: "dnnl_stream_create", status: status, about: "the processor")
    }
    unsafe handle = engine
    unsafe self.stream = stream
  }

  deinit {
    unsafe dnnl_stream_destroy(stream)
    unsafe dnnl_engine_destroy(handle)
  }
}

/// Plain Float32 memory as oneDNN sees it; the numbers belong to somebody else.
@safe
final class Memory {
  let handle: dnnl_memory_t
  let shape: [Int]

  /// A matrix or vector that points nowhere yet.
  init(_ engine: Engine, shape: [Int]) throws(OneDNNError) {
    precondition(shape.count == 1 || shape.count == 2, "\(shape) is neither vector nor matrix")
    var memory: dnnl_memory_t?
    let status = unsafe signum_memory_create(
      &memory, engine.handle, Int64(shape[0]), shape.count == 2 ? Int64(shape[1]) : 0)
    try OneDNNError.check(status, "dnnl_memory_create", "\(shape)")
    guard let memory = unsafe memory else { preconditionFailure("success without memory") }
    unsafe handle = memory
    self.shape = shape
  }

  deinit { unsafe dnnl_memory_destroy(handle) }

  /// Points at the numbers, `shape`'s product of them, that the next operations use.
  func point(at numbers: UnsafeMutableRawPointer?) throws(OneDNNError) {
    let status = unsafe dnnl_memory_set_data_handle(handle, numbers)
    try OneDNNError.check(status, "dnnl_memory_set_data_handle", "\(shape)")
  }
}

/// One pass of an inner product between fixed memory objects.
@safe
final class InnerProduct {
  private let primitive: dnnl_primitive_t
  private let engine: Engine
  private let memories: [Memory]
  private let arguments: [dnnl_exec_arg_t]
  private let about: String

  /// Compiles a pass for one shape.
  ///
  /// - Parameter operands: The memory of each argument, kept alive with the operation.
  init(
    _ engine: Engine, _ pass: signum_pass_t, batch: Int, inputs: Int, outputs: Int,
    operands: [(argument: CInt, memory: Memory)]
  ) throws(OneDNNError) {
    about = "inner product, pass \(pass.rawValue), batch \(batch), \(inputs) to \(outputs)"
    var primitive: dnnl_primitive_t?
    let status = unsafe signum_inner_product_create(
      &primitive, engine.handle, pass, Int64(batch), Int64(inputs), Int64(outputs))
    try OneDNNError.check(status, "dnnl_primitive_create", about)
    guard let primitive = unsafe primitive else { preconditionFailure("success without primitive") }
    unsafe self.primitive = primitive
    self.engine = engine
    memories = operands.map(\.memory)
    unsafe arguments = operands.map {
      unsafe dnnl_exec_arg_t(arg: $0.argument, memory: $0.memory.handle)
    }
  }

  deinit { unsafe dnnl_primitive_destroy(primitive) }

  /// Runs the pass to its end.
  func run() throws(OneDNNError) {
    let status = unsafe arguments.withUnsafeBufferPointer { arguments in
      unsafe dnnl_primitive_execute(
        primitive, engine.stream, CInt(arguments.count), arguments.baseAddress)
    }
    try OneDNNError.check(status, "dnnl_primitive_execute", about)
    try OneDNNError.check(unsafe dnnl_stream_wait(engine.stream), "dnnl_stream_wait", about)
  }
}
