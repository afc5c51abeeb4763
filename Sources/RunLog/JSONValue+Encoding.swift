extension JSONValue {
  /// The JSON of a value, its members in the order in which they are encoded.
  ///
  /// Foundation's encoder sorts members or leaves their order to chance; a log's first member
  /// should be its type.
  init(encoding value: some Encodable) throws {
    let box = JSONBox()
    try box.set(value)
    self = box.value
  }
}

/// A place for a value that containers fill piece by piece.
private final class JSONBox {
  private enum Content {
    case value(JSONValue)
    case array([JSONBox])
    case object([(String, JSONBox)])
  }

  private var content = Content.value(.null)

  /// The value as it is now.
  var value: JSONValue {
    switch content {
    case .value(let value): value
    case .array(let boxes): .array(boxes.map(\.value))
    case .object(let members): .object(members.map { .init($0.0, $0.1.value) })
    }
  }

  var count: Int {
    if case .array(let boxes) = content { boxes.count } else { 0 }
  }

  func set(_ value: some Encodable) throws {
    switch value {
    case let value as Bool: content = .value(.bool(value))
    case let value as any BinaryInteger:
      content = .value(Int(exactly: value).map(JSONValue.integer) ?? .unsigned(UInt64(value)))
    case let value as any BinaryFloatingPoint: content = .value(.number(Double(value)))
    case let value as String: content = .value(.string(value))
    default: try value.encode(to: JSONBoxEncoder(box: self))
    }
  }

  func setNull() { content = .value(.null) }

  func makeArray() {
    if case .array = content { return }
    content = .array([])
  }

  func makeObject() {
    if case .object = content { return }
    content = .object([])
  }

  func append() -> JSONBox {
    guard case .array(let boxes) = content else { return self }
    let box = JSONBox()
    content = .array(boxes + [box])
    return box
  }

  func member(_ key: any CodingKey) -> JSONBox {
    guard case .object(let members) = content else { return self }
    let box = JSONBox()
    content = .object(members + [(key.stringValue, box)])
    return box
  }
}

/// Writes into a box.
private struct JSONBoxEncoder: Encoder {
  let box: JSONBox
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    box.makeObject()
    return KeyedEncodingContainer(Members(box: box))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    box.makeArray()
    return Elements(box: box)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(box: box) }

  struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: JSONBox
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { box.member(key).setNull() }
    func encode(_ value: some Encodable, forKey key: Key) throws { try box.member(key).set(value) }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
      JSONBoxEncoder(box: box.member(key)).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      JSONBoxEncoder(box: box.member(key)).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { JSONBoxEncoder(box: box.member(JSONName("super"))) }
    func superEncoder(forKey key: Key) -> any Encoder { JSONBoxEncoder(box: box.member(key)) }
  }

  struct Elements: UnkeyedEncodingContainer {
    let box: JSONBox
    var codingPath: [any CodingKey] { [] }
    var count: Int { box.count }

    func encodeNil() { box.append().setNull() }
    func encode(_ value: some Encodable) throws { try box.append().set(value) }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
      JSONBoxEncoder(box: box.append()).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      JSONBoxEncoder(box: box.append()).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { JSONBoxEncoder(box: box.append()) }
  }

  struct Single: SingleValueEncodingContainer {
    let box: JSONBox
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { box.setNull() }
    func encode(_ value: some Encodable) throws { try box.set(value) }
  }
}
