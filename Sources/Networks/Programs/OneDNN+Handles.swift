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

/// Shape, layout and type of numbers in memory.
@safe
final class Format {
  let handle: signum_format_t
  let shape: [Int]

  /// Row-major memory, or `any`: what an operation that is to be described likes best.
  convenience init(
    _ shape: [Int], _ type: ComputeType = .float32, any: Bool = false
  ) throws(OneDNNError) {
    try unsafe self.init(shape, "dnnl_memory_desc_init") { made in
      unsafe signum_format_create(
        made, CInt(shape.count), shape.map(Int64.init), type.isHalf, any ? 1 : 0)
    }
  }

  /// Memory with the numbers between neighbours in each dimension.
  convenience init(
    _ shape: [Int], strides: [Int], _ type: ComputeType = .float32
  ) throws(OneDNNError) {
    precondition(shape.count == strides.count, "\(strides) for \(shape)")
    try unsafe self.init(shape, "dnnl_memory_desc_init") { made in
      unsafe signum_strided_format_create(
        made, CInt(shape.count), shape.map(Int64.init), strides.map(Int64.init), type.isHalf)
    }
  }

  /// Memory of images of Float32: samples x channels x rows x columns.
  convenience init(image shape: [Int], _ layout: ImageLayout) throws(OneDNNError) {
    try unsafe self.init(shape, "dnnl_memory_desc_init") { made in
      unsafe signum_image_format_create(made, shape.map(Int64.init), layout.value)
    }
  }

  /// What a described operation expects of an operand, `shape` of it.
  fileprivate convenience init(
    _ description: dnnl_primitive_desc_t, _ operand: Operand, shape: [Int]
  ) throws(OneDNNError) {
    try unsafe self.init(shape, "dnnl_primitive_desc_query_md") { made in
      unsafe signum_format_query(made, description, dnnl_query_exec_arg_md, CInt(operand))
    }
  }

  /// - Parameter create: Calls one of the functions that make a `signum_format_t`.
  private init(
    _ shape: [Int], _ call: String,
    _ create: (UnsafeMutablePointer<signum_format_t?>) -> dnnl_status_t
  ) throws(OneDNNError) {
    var format: signum_format_t?
    let status = unsafe create(&format)
    try OneDNNError.check(status, call, "\(shape)")
    guard let format = unsafe format else { preconditionFailure("success without a format") }
    unsafe handle = format
    self.shape = shape
  }

  deinit { unsafe signum_format_destroy(handle) }

  /// The size in bytes, padding of the layout included.
  var byteCount: Int { Int(unsafe dnnl_memory_desc_get_size(handle)) }

  func isEqual(to other: Format) -> Bool {
    unsafe self === other || dnnl_memory_desc_equal(handle, other.handle) != 0
  }

  /// The layout of images; nil where it is none that has a name here.
  var imageLayout: ImageLayout? {
    get throws(OneDNNError) {
      for layout in ImageLayout.allCases where isEqual(to: try Format(image: shape, layout)) {
        return layout
      }
      return nil
    }
  }
}

extension ComputeType {
  fileprivate var isHalf: CInt { self == .bfloat16 ? 1 : 0 }
}

/// How the numbers of images lie.
enum ImageLayout: CaseIterable {
  case plain, channelsBy8, channelsBy16, channelsLast

  fileprivate var value: signum_image_layout_t {
    switch self {
    case .plain: signum_plain_image
    case .channelsBy8: signum_channels_by_8
    case .channelsBy16: signum_channels_by_16
    case .channelsLast: signum_channels_last
    }
  }

  /// How many of an image's channels lie side by side.
  func depth(of channels: Int) -> Int {
    switch self {
    case .plain: 1
    case .channelsBy8: 8
    case .channelsBy16: 16
    case .channelsLast: channels
    }
  }
}

/// Memory of a format as oneDNN sees it; the numbers belong to somebody else.
@safe
final class Memory {
  let handle: dnnl_memory_t
  let format: Format

  /// Memory that points nowhere yet.
  init(_ engine: Engine, _ format: Format) throws(OneDNNError) {
    var memory: dnnl_memory_t?
    // DNNL_MEMORY_NONE is a null pointer.
    let status = unsafe dnnl_memory_create(&memory, format.handle, engine.handle, nil)
    try OneDNNError.check(status, "dnnl_memory_create", "\(format.shape)")
    guard let memory = unsafe memory else { preconditionFailure("success without memory") }
    unsafe handle = memory
    self.format = format
  }

  deinit { unsafe dnnl_memory_destroy(handle) }

  /// Points at the numbers that the next operations use.
  func point(at numbers: UnsafeMutableRawPointer?) throws(OneDNNError) {
    let status = unsafe dnnl_memory_set_data_handle(handle, numbers)
    try OneDNNError.check(status, "dnnl_memory_set_data_handle", "\(format.shape)")
  }
}

/// An argument of an operation: one of the constants `signum_source`, … of COneDNN.
typealias Operand = Int

/// An operation that is described but not yet compiled.
@safe
final class Description {
  let handle: dnnl_primitive_desc_t
  /// The operation and its shapes, for error messages.
  let about: String

  /// - Parameter describe: Calls one of the functions `signum_…_describe`.
  init(
    _ about: String, _ describe: (UnsafeMutablePointer<dnnl_primitive_desc_t?>) -> dnnl_status_t
  ) throws(OneDNNError) {
    var description: dnnl_primitive_desc_t?
    let status = unsafe describe(&description)
    try OneDNNError.check(status, "dnnl_primitive_desc_create", about)
    guard let description = unsafe description else {
      preconditionFailure("success without a description")
    }
    unsafe handle = description
    self.about = about
  }

  deinit { unsafe dnnl_primitive_desc_destroy(handle) }

  /// What the operation expects of an operand; of no bytes where it takes none.
  func format(_ operand: Operand, shape: [Int] = []) throws(OneDNNError) -> Format {
    try unsafe Format(handle, operand, shape: shape)
  }
}

/// A compiled operation between fixed memory objects.
@safe
final class Operation {
  private let primitive: dnnl_primitive_t
  private let engine: Engine
  private let memories: [Memory]
  private let arguments: [dnnl_exec_arg_t]
  private let about: String

  /// Compiles an operation.
  ///
  /// - Parameter operands: The memory of each argument, kept alive with the operation.
  init(
    _ engine: Engine, _ description: Description, operands: [(argument: Operand, memory: Memory)]
  ) throws(OneDNNError) {
    about = description.about
    var primitive: dnnl_primitive_t?
    let status = unsafe dnnl_primitive_create(&primitive, description.handle)
    try OneDNNError.check(status, "dnnl_primitive_create", about)
    guard let primitive = unsafe primitive else { preconditionFailure("success without primitive") }
    unsafe self.primitive = primitive
    self.engine = engine
    memories = operands.map(\.memory)
    unsafe arguments = operands.map {
      unsafe dnnl_exec_arg_t(arg: CInt($0.argument), memory: $0.memory.handle)
    }
  }

  deinit { unsafe dnnl_primitive_destroy(primitive) }

  /// Runs the operation to its end.
  func run() throws(OneDNNError) {
    let status = unsafe arguments.withUnsafeBufferPointer { arguments in
      unsafe dnnl_primitive_execute(
        primitive, engine.stream, CInt(arguments.count), arguments.baseAddress)
    }
    try OneDNNError.check(status, "dnnl_primitive_execute", about)
    try OneDNNError.check(unsafe dnnl_stream_wait(engine.stream), "dnnl_stream_wait", about)
  }
}
